import type { Clock } from '../../clock.js';
import { describeError } from '../../logger.js';
import type { ReceivedEvent } from '../../message/message.js';
import { OnError } from '../options.js';
import { inTime } from './timeout.js';

/** The limit where there is no `handlerTimeout`: meanwhile the event waits, and takes a slot of its listener. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Resolves to what a listener's `onError` function decides; to an error if the function itself fails. */
export async function ask(
  clock: Clock,
  onError: (error: unknown, event: ReceivedEvent) => OnError | Promise<OnError>,
  error: unknown,
  event: ReceivedEvent,
  timeout = DEFAULT_TIMEOUT_MS,
): Promise<OnError | Error> {
  try {
    const verdict = await inTime(
      clock,
      Promise.resolve(onError(error, event)),
      timeout,
      'onError did not end within its limit',
    );
    if (Object.hasOwn(OnError, verdict)) return verdict;
    return new Error(
      `onError returned ${describeError(verdict).message || typeof verdict}; it may return ${Object.keys(OnError).join(', ')}`,
    );
  } catch (failure) {
    return new Error(`onError threw: ${describeError(failure).message}`, { cause: failure });
  }
}
