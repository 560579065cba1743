import type { Clock } from '../../clock.js';
import type { PendingDelivery } from './pending-delivery.js';

/** When a batch is complete. */
export interface BatchLimits {
  readonly maxSize: number;
  /** Milliseconds, from the arrival of the batch's first event. */
  readonly maxWait: number;
}

/** The batch that is being filled while a handler is free to take it. Its deliveries have not begun. */
export class BatchBuffer {
  readonly #clock: Clock;
  readonly #limits: BatchLimits;
  readonly #due: () => void;
  #held: PendingDelivery[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timeOver = false;

  /** @param due called when `maxWait` is over */
  constructor(clock: Clock, limits: BatchLimits, due: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#due = due;
  }

  add(held: PendingDelivery): void {
    held.to('gathering');
    this.#held.push(held);
    if (this.#held.length === 1) this.#wait(held.arrivedAt + this.#limits.maxWait - this.#clock.now());
  }

  /** @param next the delivery that would be added next, if there is one */
  isComplete(next: PendingDelivery | undefined): boolean {
    const [first] = this.#held;
    if (first === undefined) return false;
    return this.#held.length >= this.#limits.maxSize || (next === undefined && this.#timeOver);
  }

  get size(): number {
    return this.#held.length;
  }

  take(): PendingDelivery[] {
    const batch = this.#held;
    this.#held = [];
    this.stop();
    return batch;
  }

  /** Forgets deliveries that were returned to the server. */
  keep(which: (held: PendingDelivery) => boolean): void {
    this.#held = this.#held.filter(which);
    if (this.#held.length === 0) this.stop();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timeOver = false;
  }

  #wait(milliseconds: number): void {
    this.#timeOver = milliseconds <= 0;
    if (this.#timeOver) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timeOver = true;
      this.#due();
    }, milliseconds);
  }
}
