import type { Source } from '../../broker/broker.js';

/** The sources of one listener, and how much is asked of each. */
export class PullScheduler {
  readonly #sources: Source[] = [];

  add(source: Source): void {
    if (!this.#sources.includes(source)) this.#sources.push(source);
  }

  /** The most that should be held and asked for, by the size of the events. */
  get most(): number {
    return this.#sources.reduce((sum, source) => sum + source.most, 0);
  }

  /**
   * Asks for what there is room for, not in driblets.
   *
   * @param window how much may be held or asked for
   * @param own how much is held
   * @param needed while fewer are held, and none is under way, it is asked for however few: something idles for lack of them
   */
  request(window: number, own: number, needed: number): void {
    if (own >= window) return;
    const share = Math.max(1, Math.ceil(window / this.#sources.length));
    for (const source of this.#sources) {
      if (!source.ready) continue;
      const most = Math.min(share, source.most);
      const room = Math.min(most, window - own) - source.asked;
      const idle = source.asked === 0 && own < needed;
      if (room >= Math.max(1, most / 2) || (idle && room > 0)) source.pull(room);
    }
  }

  async drain(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.drain()));
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}
