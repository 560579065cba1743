// The algorithm and its figures come from measurements; see ARCHITECTURE.md.
const WORK_AHEAD_MS = 1000;
const MAX_WINDOW = 512;
const SMOOTHING = 0.1;

/**
 * The window: how many events a listener may hold or have requested, running ones included. It is about one second's work,
 * by the average time of the handler. It starts small and doubles with success, so that an event that ends its process
 * costs few others an attempt.
 */
export class Window {
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

  /** @param most how many to hold or request, by the size of the events; never fewer than can run at once */
  within(most: number): number {
    return Math.max(this.#concurrency, Math.min(this.window, most));
  }

  /** Deliveries that wait for a third of their lease are returned, which counts as an attempt: hold only what begins well before. */
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

  /** A run failed, or a lease was lost: start small again. */
  failed(): void {
    this.#cap = this.#concurrency;
    this.#successes = 0;
  }
}
