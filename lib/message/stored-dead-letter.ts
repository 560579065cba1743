import type { StoredAt, WireEvent } from './codec.js';
import { copied, DeadLetterHeader, originHeaders } from './dead-letter.js';
import { decodeHeaderValue, encodeHeaderValue, type Headers, renderHeaders } from './headers.js';
import type { NativeId } from './message.js';
import { type Origin, originOf } from './replay.js';

/** Anybody may write to the stream: what is read from it is cut, however long it is. */
const MAX_TEXT = 4096;
const MAX_NAME = 512;

/** An event that a listener gave up, as it is kept. */
export interface DeadLetter {
  /** Its place among the dead letters, by which it is shown, replayed and removed. */
  readonly sequence: number;
  /** The same for each copy, should one delivery have been given up twice. */
  readonly id: string;
  readonly service: string;
  readonly listener: string;
  readonly api: string;
  readonly event: string;
  /** Why it was given up. */
  readonly error: { readonly name: string; readonly message: string; readonly stack: string };
  readonly attempts: number;
  /** When the listener first tried to handle it, and when it gave it up. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The process that gave it up. */
  readonly process: string;
  /** Where the event itself is stored. */
  readonly nativeId: NativeId;
  /** The event was too large to be kept whole; a replay takes it from where `nativeId` says. */
  readonly truncated: boolean;
}

/** A message of the dead-letter stream; the headers are all that is needed to tell what it is. */
export interface KeptLetter extends StoredAt {
  readonly subject: string;
  headers(): Headers;
}

/** Reads a dead letter. Never throws: what is not a dead letter of ours has empty names. */
export function decodeDeadLetter(kept: KeptLetter): DeadLetter {
  const headers = kept.headers();
  const [, service = '', listener = '', ...path] = kept.subject.split('.');
  const origin = originOf(headers, kept);
  const text = (name: string, longest: number) => decodeHeaderValue(headers[name] ?? '').slice(0, longest);
  const time = (name: string) => dateOf(headers[name]) ?? new Date(Number(kept.timestamp.slice(0, -6)));
  const attempts = Number(headers[DeadLetterHeader.attempts]);
  return {
    sequence: kept.sequence,
    id: text('nats-msg-id', MAX_NAME) || `${kept.stream}:${kept.sequence}`,
    service,
    listener,
    api: path.slice(0, -1).join('.'),
    event: path.at(-1) ?? '',
    error: {
      name: text(DeadLetterHeader.errorName, MAX_NAME),
      message: text(DeadLetterHeader.errorMessage, MAX_TEXT),
      stack: text(DeadLetterHeader.errorStack, MAX_TEXT),
    },
    attempts: Number.isSafeInteger(attempts) && attempts >= 0 ? attempts : 0,
    firstAt: time(DeadLetterHeader.firstAt),
    lastAt: time(DeadLetterHeader.lastAt),
    process: text(DeadLetterHeader.process, MAX_NAME),
    nativeId: { stream: origin.stream.slice(0, MAX_NAME), sequence: origin.sequence },
    truncated: headers[DeadLetterHeader.truncated] === 'true',
  };
}

/**
 * The copy of an event that goes back to the listener that gave it up.
 *
 * @param parts `letter`: the dead letter, whose place and time make the id, so that a replay that was interrupted and is
 *   repeated runs once; `event`: what is handed over, the dead letter's own headers and body unless it was truncated
 */
export function encodeReplay(parts: {
  subject: string;
  letter: StoredAt;
  origin: Origin;
  event: { headers: Headers; body: Uint8Array };
}): WireEvent {
  const { subject, letter, origin, event } = parts;
  const headers = [
    ...copied(event.headers),
    ['Nats-Msg-Id', encodeHeaderValue(`replay:${letter.sequence}:${letter.timestamp}`)] as const,
    ...originHeaders(origin),
  ];
  return { subject, headers: Buffer.from(renderHeaders(headers), 'utf8'), body: event.body };
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text === undefined ? Number.NaN : decodeHeaderValue(text));
  return Number.isNaN(date.getTime()) ? undefined : date;
}
