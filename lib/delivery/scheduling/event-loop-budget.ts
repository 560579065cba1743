import type { Clock } from '../../clock.js';

/** Handlers that do not wait run for this long before timers and sockets get a turn. */
const TURN_MS = 10;
/** Within this time acknowledgements leave the process: they are collected for a millisecond, and the client writes a millisecond later. */
const ACKNOWLEDGED_MS = 5;

/** Keeps handlers that never wait from blocking timers and sockets. */
export class EventLoopBudget {
  readonly #clock: Clock;
  /** Milliseconds that handlers have taken since timers and sockets last had a turn. */
  #spent = 0;
  #yielding = false;
  /** Whether acknowledgements of ended handlers may still be in this process. */
  #owes = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether timers and sockets have their turn. */
  get yielding(): boolean {
    return this.#yielding;
  }

  spend(milliseconds: number): void {
    this.#spent += milliseconds;
  }

  /** A handler has ended. */
  ended(): void {
    this.#owes = true;
  }

  /** Returns whether the time is up; if so, calls `again` after timers and sockets have had their turn. */
  yieldIfOver(again: () => void): boolean {
    if (this.#spent <= TURN_MS) return false;
    this.#spent = 0;
    this.#yielding = true;
    setImmediate(() => {
      this.#yielding = false;
      again();
    });
    return true;
  }

  /** Returns whether acknowledgements may still be here; if so, calls `again` when they have left. */
  yieldToAcknowledge(again: () => void): boolean {
    if (!this.#owes) return false;
    this.#owes = false;
    this.#yielding = true;
    this.#timer = this.#clock.setTimeout(() => {
      this.#yielding = false;
      again();
    }, ACKNOWLEDGED_MS);
    return true;
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
