/** Keeps the order in which turns were taken, however long each one's preparation takes. */
export class Turns {
  #last: Promise<void> | undefined;

  /** Whether all turns that were taken have ended. */
  get free(): boolean {
    return this.#last === undefined;
  }

  /** Takes the next turn: `reached` resolves when all earlier ones have ended, `end` ends this one and may be called again. */
  take(): { readonly reached: Promise<void>; end(): void } {
    const reached = this.#last ?? Promise.resolve();
    let resolve = (): void => undefined;
    const ended = new Promise<void>((done) => {
      resolve = done;
    });
    const last = reached.then(() => ended);
    this.#last = last;
    void last.then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return { reached, end: resolve };
  }
}
