// The algorithm and its figures were measured; ARCHITECTURE.md tells how.
const WORK_AHEAD_MS = 1000;
const MAX_WINDOW = 512;
const SMOOTHING = 0.1;

/**
 * How many events a listener may hold or have asked for, those that run included: about one second's work, by the
 * handler's own times. Starts small and doubles with success, so that an event that kills its process takes few others
 * along in their count of attempts.
 */
export class Flow {
  readonly #concurrency: number;
  #cap: number;
  #successes = 0;
  #average: number | undefined;
  #workAhead = WORK_AHEAD_MS;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#cap = concurrency;
  }

  get window(): number {
    const perEvent = this.#average ?? this.#workAhead;
    const ahead = Math.floor(this.#concurrency * (1 + this.#workAhead / Math.max(perEvent, 0.001)));
    return Math.max(this.#concurrency, Math.min(ahead, this.#cap));
  }

  /** @param most that should be held or asked for, by the size of the events: fewer than can run at once are never held */
  within(most: number): number {
    return Math.max(this.#concurrency, Math.min(this.window, most));
  }

  /** What waits for a third of its lease is given back, and that counts as an attempt: hold what begins well before. */
  limitTo(lease: number): void {
    this.#workAhead = Math.min(this.#workAhead, lease / 6);
  }

  /** @param milliseconds that the handler took */
  succeeded(milliseconds: number): void {
    this.#average =
      this.#average === undefined ? milliseconds : this.#average + SMOOTHING * (milliseconds - this.#average);
    this.#successes += 1;
    if (this.#successes < this.#cap) return;
    this.#successes = 0;
    this.#cap = Math.min(this.#cap * 2, Math.max(MAX_WINDOW, this.#concurrency));
  }

  /** A run failed, or a lease was lost: begin small again. */
  failed(): void {
    this.#cap = this.#concurrency;
    this.#successes = 0;
  }
}
