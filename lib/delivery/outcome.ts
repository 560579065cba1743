import { isReject, isRetryAfter } from '../verdicts.js';
import type { Backoff } from './backoff.js';
import { OnError } from './options.js';

/** How often an event may outlive the process that handles it, over `maxAttempts`, before it is given up without a run. */
export const UNRUN_SLACK = 3;

/** What is done about a handler that failed. */
export type Outcome =
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'retry'; readonly delay: number }
  | { readonly kind: 'dead-letter' };

/** What a listener's options say about failures. */
export interface FailurePolicy {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
}

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

/**
 * `watched`: no failure explains how often it came. `suspect`: nor does an orderly stop, so it may have ended its process.
 * `last`: and the next time it comes it is given up without a run.
 */
export type Suspicion = 'none' | 'watched' | 'suspect' | 'last';

/** Whether an event may be what ended a process. One more delivery than attempts is none: an orderly stop gives back what waits. */
export function suspicionOf(attempt: number, policy: FailurePolicy): Suspicion {
  if (attempt <= policy.maxAttempts) return 'none';
  if (attempt === policy.maxAttempts + 1) return 'watched';
  return attempt < policy.maxAttempts + UNRUN_SLACK ? 'suspect' : 'last';
}

/** Whether an event comes again and again without its handler ever ending: it kills its process. */
export function killsItsProcess(attempt: number, policy: FailurePolicy): boolean {
  return attempt > policy.maxAttempts + UNRUN_SLACK;
}
