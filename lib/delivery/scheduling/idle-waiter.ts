import type { Clock } from '../../clock.js';
/** Waits until no handler runs. */
export class IdleWaiter {
  readonly #clock: Clock;
  readonly #isIdle: () => boolean;
  #whenIdle: (() => void) | undefined;

  constructor(clock: Clock, isIdle: () => boolean) {
    this.#clock = clock;
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
      const timer = this.#clock.setTimeout(() => resolve(false), timeout);
      this.#whenIdle = () => {
        this.#clock.clearTimeout(timer);
        this.#whenIdle = undefined;
        resolve(true);
      };
    });
  }
}
