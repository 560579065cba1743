/** Handlers that do not wait are run for so long before others get a turn. */
const TURN_MS = 10;

/** Sees to it that handlers which never wait leave the event loop to others now and then. */
export class Turn {
  /** Milliseconds that handlers have taken without waiting, since others last had a turn. */
  #spent = 0;
  #yielding = false;

  /** Whether it is the turn of others. */
  get yielding(): boolean {
    return this.#yielding;
  }

  spend(milliseconds: number): void {
    this.#spent += milliseconds;
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
}
