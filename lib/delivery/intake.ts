import type { Source } from '../broker/broker.js';

/** The sources of one listener, and how much is asked of each. */
export class Intake {
  readonly #sources: Source[] = [];

  add(source: Source): void {
    if (!this.#sources.includes(source)) this.#sources.push(source);
  }

  /**
   * Asks for what there is room for, not in driblets.
   *
   * @param window how much may be held or asked for
   * @param own how much is held
   * @param filling a batch is being filled: it is waited for, so it is not left short of what is there
   */
  ask(window: number, own: number, filling: boolean): void {
    if (own >= window) return;
    const share = Math.max(1, Math.ceil(window / this.#sources.length));
    for (const source of this.#sources) {
      if (!source.ready) continue;
      const room = Math.min(share, window - own) - source.asked;
      const idle = source.asked === 0 && (own === 0 || filling);
      if (room >= Math.max(1, share / 2) || (idle && room > 0)) source.pull(room);
    }
  }

  async suspend(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.suspend()));
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}
