import type { ErrorDescription } from '../logger.js';
import type { WireEvent } from './codec.js';
import { encodeHeaderValue, type Headers, renderHeaders } from './headers.js';
import { CopyHeader, type Origin } from './replay.js';

/** Bytes of an error's text that are kept, before they are encoded. */
const MESSAGE_BYTES = 1024;
const STACK_BYTES = 3072;
/** A header that a copy may bear: what HTTP calls a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** Headers that say why an event was given up, and by whom. */
export const DeadLetterHeader = {
  errorName: 'lightbus-error-name',
  errorMessage: 'lightbus-error-message',
  errorStack: 'lightbus-error-stack',
  attempts: 'lightbus-attempts',
  firstAt: 'lightbus-first-at',
  lastAt: 'lightbus-last-at',
  process: 'lightbus-process',
  truncated: 'lightbus-truncated',
} as const;

/** An event that a listener gave up. */
export interface GivenUp {
  /** Unique to this giving up: the same delivery given up twice is one dead letter. */
  readonly id: string;
  /** The subject that it is kept under. */
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly origin: Origin;
  readonly error: ErrorDescription;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly process: string;
}

/**
 * A dead letter as bytes: the event's own body and headers, and the reason. What was sent by others may be too large for
 * that: then its headers go, and then the end of its body, for the original can be found by stream and sequence.
 *
 * @param largest bytes that a message may have, headers included
 */
export function encodeDeadLetter(letter: GivenUp, largest: number): WireEvent {
  const { subject, body } = letter;
  const own = ownHeaders(letter);
  const whole = Buffer.from(renderHeaders([...copied(letter.headers), ...own]), 'utf8');
  if (whole.length + body.length <= largest) return { subject, headers: whole, body };
  const headers = Buffer.from(renderHeaders([...own, [DeadLetterHeader.truncated, 'true']]), 'latin1');
  return { subject, headers, body: body.subarray(0, Math.max(0, largest - headers.length)) };
}

/** The headers of an event that a copy keeps: none that the server would act upon, none that an earlier copy added. */
export function* copied(headers: Headers): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('nats-') || name.startsWith('lightbus-') || !HEADER_NAME.test(name)) continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: which no header may hold
    yield [name, value.replace(/[\x00-\x1f\x7f]/g, ' ')];
  }
}

/** Where the original is stored, as headers of a copy. */
export function* originHeaders(origin: Origin): Generator<readonly [string, string]> {
  yield [CopyHeader.stream, encodeHeaderValue(origin.stream)];
  yield [CopyHeader.sequence, String(origin.sequence)];
  yield [CopyHeader.timestamp, origin.timestamp];
}

function ownHeaders(letter: GivenUp): (readonly [string, string])[] {
  const { error } = letter;
  return [
    ['Nats-Msg-Id', encodeHeaderValue(letter.id)],
    ...originHeaders(letter.origin),
    [DeadLetterHeader.errorName, encodeHeaderValue(cut(error.name, 200))],
    [DeadLetterHeader.errorMessage, encodeHeaderValue(cut(error.message, MESSAGE_BYTES))],
    [DeadLetterHeader.errorStack, encodeHeaderValue(cut(error.stack, STACK_BYTES))],
    [DeadLetterHeader.attempts, String(letter.attempts)],
    [DeadLetterHeader.firstAt, letter.firstAt.toISOString()],
    [DeadLetterHeader.lastAt, letter.lastAt.toISOString()],
    [DeadLetterHeader.process, encodeHeaderValue(letter.process)],
  ];
}

/** The start of a text, in at most so many bytes. */
function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = Buffer.from(text.slice(0, bytes), 'utf8');
  return encoded.length <= bytes && text.length <= bytes
    ? text
    : `${encoded.toString('utf8', 0, bytes - 3).replace(/\uFFFD$/, '')}…`;
}
