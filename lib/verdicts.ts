import { type Duration, toTimerMilliseconds } from './duration.js';
import { LightbusError } from './errors.js';

/**
 * Thrown by a handler that will never succeed with this event: it becomes a dead letter at once, whatever `onError` says.
 *
 * ```ts
 * if (!isKnownCountry(country)) throw new Reject(`no such country: ${country}`);
 * ```
 */
export class Reject extends LightbusError {
  override readonly code = 'Reject';
}

/**
 * Thrown by a handler that wants the event again after a delay of its own choice, whatever `onError` says; counts as an attempt.
 *
 * ```ts
 * if (response.status === 429) throw new RetryAfter('5m');
 * ```
 */
export class RetryAfter extends LightbusError {
  override readonly code = 'RetryAfter';
  /** Milliseconds. */
  readonly delay: number;

  constructor(delay: Duration, options?: ErrorOptions) {
    super(`to be tried again after ${typeof delay === 'number' ? `${delay} s` : delay}`, options);
    this.delay = toTimerMilliseconds(delay, 'RetryAfter');
  }
}

// By code, not instanceof: a handler may live in a module that has another copy of this package.

/** Whether an error says that its event is to be given up. */
export function isReject(error: unknown): error is Reject {
  return codeOf(error) === 'Reject';
}

/** Whether an error says when its event is to come again. */
export function isRetryAfter(error: unknown): error is RetryAfter {
  return codeOf(error) === 'RetryAfter' && typeof read(error, 'delay') === 'number';
}

function codeOf(error: unknown): unknown {
  return read(error, 'code');
}

/** What an error says of itself; undefined if it cannot be read. */
function read(error: unknown, key: string): unknown {
  try {
    return error instanceof Error ? (error as unknown as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}
