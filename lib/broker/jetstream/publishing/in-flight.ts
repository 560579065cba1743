import { EventFireTimeout } from '../../../errors.js';
import type { WireEvent } from '../../../message/codec.js';
import type { Stored } from '../../broker.js';
import type { RetryDelay } from '../../retry-delay.js';

/** An event is sent again only within this part of the duplicate window; later, it could be stored twice. */
const SAFE_PART_OF_WINDOW = 0.5;

/** Where events are published to. */
export interface PublishTarget {
  /** The only stream whose answer counts. */
  readonly stream: string;
  /** The JetStream domain that it is in, if that is known. */
  readonly domain: string | undefined;
  /** Where it is configured, for errors. */
  readonly settings: string;
  /** For how long the stream remembers the ids of events, in milliseconds, as the server has it. */
  readonly duplicateWindow: number;
}

/** One event on its way: sent again with the same id until it is confirmed or time is up. */
export interface InFlight {
  readonly event: WireEvent;
  readonly target: PublishTarget;
  /** The only method that the client calls on headers, so that an entry can stand in for them. */
  readonly encode: (this: InFlight) => Uint8Array;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly abort: (() => void) | undefined;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
  /** When it is to be sent again, by the monotonic clock. */
  nextTry: number;
  /** Undefined until it must be sent again. */
  delay: RetryDelay | undefined;
  /** How often it was sent without an answer; each of these may have stored it. */
  unanswered: number;
  /** When the first of these was sent. */
  firstSent: number;
  lastProblem: string | undefined;
}

/** Whether it may be sent (again): the server drops a second copy only while the stream remembers the id. */
export function mayBeSent(entry: InFlight, now: number): boolean {
  if (entry.unanswered === 0) return true;
  if (now - entry.firstSent < entry.target.duplicateWindow * SAFE_PART_OF_WINDOW) return true;
  entry.lastProblem ??= `the server did not answer, and ${entry.target.stream} remembers an id for ${entry.target.duplicateWindow} ms only, so it was not sent again`;
  return false;
}

export function encodeHeaders(this: InFlight): Uint8Array {
  return this.event.headers;
}

export function storedBy(entry: InFlight): 'no' | 'maybe' {
  return entry.unanswered > 0 ? 'maybe' : 'no';
}

/** @param disconnected why nothing could be sent; undefined if there is a connection */
export function notConfirmed(entry: InFlight, disconnected: string | undefined): EventFireTimeout {
  const problem = `${disconnected === undefined ? '' : `${disconnected}; `}${entry.lastProblem ?? 'the server did not answer'}`;
  const stored = storedBy(entry);
  const verdict =
    stored === 'no'
      ? 'It was not stored.'
      : 'It may have been stored: fire it again with the same id, and the server keeps one of them.';
  return new EventFireTimeout(`${entry.event.subject} was not confirmed within its timeout: ${problem}. ${verdict}`, {
    stored,
  });
}
