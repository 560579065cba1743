import type { StoredAt } from './codec.js';
import { decodeHeaderValue, type Headers } from './headers.js';

/** Headers that a copy of an event (a dead letter, a replay) bears beside the event's own. */
export const CopyHeader = {
  stream: 'lightbus-stream',
  sequence: 'lightbus-sequence',
  timestamp: 'lightbus-timestamp',
} as const;

/** Where an event was stored at first, and under which subject. */
export interface Origin extends StoredAt {
  readonly subject: string;
}

/**
 * Where the original of a copy was stored, for whatever its headers do not say, the copy's own place; and its subject, which
 * the copy's own tells: `lightbus_replays.<service>.<listener>.auth.user_created`.
 */
export function originOf(headers: Headers, copy: Origin): Origin {
  const [stream = '', , , ...event] = copy.subject.split('.');
  const sequence = Number(headers[CopyHeader.sequence]);
  const timestamp = headers[CopyHeader.timestamp] ?? '';
  return {
    subject: [stream.replace(/_(replays|dead_letters)$/, ''), ...event].join('.'),
    stream: decodeHeaderValue(headers[CopyHeader.stream] ?? '') || copy.stream,
    sequence: Number.isSafeInteger(sequence) && sequence > 0 ? sequence : copy.sequence,
    timestamp: /^\d{7,20}$/.test(timestamp) ? timestamp : copy.timestamp,
  };
}

/** Whether a copy says where its original was stored. Whatever does not is not a copy of ours: anybody may write to the stream. */
export function namesOrigin(headers: Headers): boolean {
  return Object.values(CopyHeader).every((name) => headers[name] !== undefined);
}
