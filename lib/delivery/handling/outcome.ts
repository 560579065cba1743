import { isReject, isRetryAfter } from '../../verdicts.js';
import type { FailurePolicy } from '../failure-policy.js';
import { OnError } from '../options.js';

/** What is done about a handler that failed. */
export type Outcome =
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'dead-letter' };

/**
 * The table of outcomes for a failed handler: its error's own verdict comes first, then what `onError` says, and neither
 * `RETRY` nor `SHUTDOWN` goes on forever.
 *
 * @param onError already asked, if it is a function
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
