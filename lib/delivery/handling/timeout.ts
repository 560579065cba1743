import type { Clock } from '../../clock.js';
/**
 * Resolves or rejects as the promise does, unless that takes longer than `milliseconds`.
 *
 * @param what the message of the error: what did not end, within which limit
 * @param abort called with the error after `milliseconds`
 * @throws an error that names the time-out
 */
export function inTime<T>(
  clock: Clock,
  result: PromiseLike<T>,
  milliseconds: number,
  what: string,
  abort?: (error: Error) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      const error = new Error(`${what} of ${milliseconds} ms`);
      abort?.(error);
      reject(error);
    }, milliseconds);
    result.then(
      (value) => {
        clock.clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
