import { type Clock, systemClock } from '../clock.js';
import type { WaitOptions } from './broker.js';

/** Waits for a promise until the deadline (then throws what `expired` makes) or the signal (then throws its reason). */
export function within<T>(
  promise: Promise<T>,
  waitOptions: WaitOptions,
  expired: () => Error,
  clock: Clock = systemClock,
): Promise<T> {
  const { deadline, signal } = waitOptions;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer =
      deadline === undefined
        ? undefined
        : clock.setTimeout(() => settle(() => reject(expired())), Math.max(0, deadline - clock.now()));
    const abort = () => settle(() => reject(signal?.reason));
    function settle(how: () => void): void {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      how();
    }
    signal?.addEventListener('abort', abort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** Milliseconds until a deadline, at least 0. */
export function remaining(deadline: number): number {
  return Math.max(0, deadline - performance.now());
}

/** Resolves after a while, or at once when the signal aborts. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
