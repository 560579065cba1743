/** Handlers that do not wait are run for so long before others get a turn. */
const TURN_MS = 10;
/** In this time acknowledgements have left: they are gathered for a millisecond, and the client writes a millisecond later. */
const ACKNOWLEDGED_MS = 5;

/** Sees to it that handlers which never wait leave the event loop to others now and then. */
export class EventLoopBudget {
  /** Milliseconds that handlers have taken without waiting, since others last had a turn. */
  #spent = 0;
  #yielding = false;
  /** Whether handlers have ended whose acknowledgements may still be here. */
  #owes = false;
  #timer: NodeJS.Timeout | undefined;

  /** Whether it is the turn of others. */
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

  /** Whether the time is up; then calls `again` once others have had their turn. */
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

  /** Whether acknowledgements may still be here; then calls `again` when they have left. */
  yieldToAcknowledge(again: () => void): boolean {
    if (!this.#owes) return false;
    this.#owes = false;
    this.#yielding = true;
    this.#timer = setTimeout(() => {
      this.#yielding = false;
      again();
    }, ACKNOWLEDGED_MS);
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
