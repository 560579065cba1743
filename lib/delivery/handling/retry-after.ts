import { MAX_TIMER_MS } from '../../duration.js';
import { describeError } from '../../logger.js';
import { isRetryAfter } from '../../verdicts.js';

/** The error of a failed handler. A foreign `RetryAfter` with a delay that is not valid becomes an ordinary error that says so. */
export function faultOf(error: unknown): unknown {
  if (!isRetryAfter(error)) return error;
  const { delay } = error;
  if (delay >= 0 && delay <= MAX_TIMER_MS) return error;
  return new Error(
    `The handler threw a RetryAfter whose delay is ${delay}, which is not from 0 to ${MAX_TIMER_MS} milliseconds; it counts as an ordinary failure: ${describeError(error).message}`,
    { cause: error },
  );
}
