import { isReject, isRetryAfter } from '../../verdicts.js';
import type { FailurePolicy } from '../failure-policy.js';
import { OnError } from '../options.js';

/** What happens to an event whose handler failed. */
export type Outcome =
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'dead-letter' };

/**
 * The table of outcomes for a failed handler. A `Reject` or `RetryAfter` comes before `onError`, and neither `RETRY` nor
 * `SHUTDOWN` repeats forever.
 *
 * @param onError the result, if the listener's `onError` is a function
 */
export function outcomeOf(error: unknown, onError: OnError, attempt: number, policy: FailurePolicy): Outcome {
  if (isReject(error)) return { kind: 'dead-letter' };
  const exhausted = attempt >= policy.maxAttempts;
  if (isRetryAfter(error)) return exhausted ? { kind: 'dead-letter' } : { kind: 'retry', delay: error.delay };
  switch (onError) {
    case OnError.ACKNOWLEDGE_AND_LOG:
      return { kind: 'acknowledge' };
    case OnError.DEAD_LETTER:
      return { kind: 'dead-letter' };
    case OnError.RETRY:
      return exhausted ? { kind: 'dead-letter' } : { kind: 'retry', delay: policy.backoff(attempt) };
    default:
      return exhausted ? { kind: 'dead-letter' } : { kind: 'shutdown' };
  }
}
