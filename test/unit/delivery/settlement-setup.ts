import type { OnError } from '../../../lib/delivery/options.js';
import { Reject, RetryAfter } from '../../../lib/index.js';

export const LEASE = 600;
/** Milliseconds before the next attempt; the last repeats. */
const BACKOFF = [1000, 2000];
export const RETRY_AFTER = 7000;
/** How many keys there are, where there are keys. */
export const KEYS = 3;

/** What an event does to its handler. */
export type Plan = 'waits' | 'returns' | 'throws' | 'undecodable' | 'foreign';
export type Failure = 'plain' | 'nothing' | 'hostile' | 'reject' | 'retry-after';
export type Policy = OnError | 'function throws' | 'function returns rubbish';

export interface Setup {
  readonly concurrency: number;
  readonly byKey: boolean;
  readonly onError: Policy;
  /** The policy is asked of a function, which answers later. */
  readonly asked: boolean;
  readonly maxAttempts: number;
  readonly handlerTimeout: number | undefined;
  /** By turns, over the sequence. */
  readonly plans: readonly Plan[];
  readonly failure: Failure;
  readonly storeWorks: readonly boolean[];
}

export function backoff(attempt: number): number {
  return BACKOFF[attempt - 1] ?? 2000;
}

/** What such a handler throws. */
export function errorOf(failure: Failure): unknown {
  switch (failure) {
    case 'nothing':
      return undefined;
    case 'hostile': {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    }
    case 'reject':
      return new Reject('never');
    case 'retry-after':
      return new RetryAfter('7s');
    default:
      return new Error('no\r\nluck');
  }
}
