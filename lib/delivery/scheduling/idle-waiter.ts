/** Waits until no handler runs. */
export class IdleWaiter {
  readonly #isIdle: () => boolean;
  #whenIdle: (() => void) | undefined;

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** Something has ended. */
  note(): void {
    if (this.#isIdle()) this.#whenIdle?.();
  }

  /** Resolves to whether that happened within `timeout` milliseconds. */
  within(timeout: number): Promise<boolean> {
    if (this.#isIdle()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeout);
      this.#whenIdle = () => {
        clearTimeout(timer);
        this.#whenIdle = undefined;
        resolve(true);
      };
    });
  }
}
