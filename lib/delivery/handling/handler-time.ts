/**
 * The result, unless it takes longer than `milliseconds`.
 *
 * @param what what has not ended then, within which limit, as its error says it
 * @param abort called with the error when the time is over
 * @throws an error that names the time-out
 */
export function inTime<T>(
  result: PromiseLike<T>,
  milliseconds: number,
  what: string,
  abort?: (error: Error) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`${what} of ${milliseconds} ms`);
      abort?.(error);
      reject(error);
    }, milliseconds);
    result.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
