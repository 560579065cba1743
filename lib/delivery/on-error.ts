import { describeError } from '../logger.js';
import type { ReceivedEvent } from '../message/message.js';
import { OnError } from './options.js';

/** What a listener's `onError` function says about a failure; an error if it fails itself. */
export async function ask(
  onError: (error: unknown, event: ReceivedEvent) => OnError | Promise<OnError>,
  error: unknown,
  event: ReceivedEvent,
): Promise<OnError | Error> {
  try {
    const verdict = await onError(error, event);
    if (Object.hasOwn(OnError, verdict)) return verdict;
    return new Error(
      `onError returned ${describeError(verdict).message || typeof verdict}; it may return ${Object.keys(OnError).join(', ')}`,
    );
  } catch (failure) {
    return new Error(`onError threw: ${describeError(failure).message}`, { cause: failure });
  }
}
