/** Of the delay, at random, so that processes that failed together do not try again together. */
const JITTER = 0.25;

/** The delays between attempts, in milliseconds: each twice the one before, up to a limit, and up to a quarter longer at random. */
export class RetryDelay {
  readonly #min: number;
  readonly #max: number;
  #next: number;

  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
    this.#next = min;
  }

  next(): number {
    const delay = this.#next;
    this.#next = Math.min(delay * 2, this.#max);
    return Math.round(delay * (1 + JITTER * Math.random()));
  }

  /** An attempt has succeeded: the next delay is the shortest. */
  reset(): void {
    this.#next = this.#min;
  }
}
