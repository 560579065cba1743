/**
 * The result, unless it takes longer than `milliseconds`.
 *
 * @param abort called with the error when the time is over
 * @throws an error that names the time-out
 */
export function inTime(
  result: PromiseLike<unknown>,
  milliseconds: number,
  abort: (error: Error) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(`The handler did not end within its handlerTimeout of ${milliseconds} ms`);
      abort(error);
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
