import type { Backoff } from './backoff.js';

/** What a listener's options say about failures. */
export interface FailurePolicy {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
}
