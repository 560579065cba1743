import type { Source } from '../../broker/broker.js';

/** Spreads the requests of one listener over its sources. */
export class PullScheduler {
  readonly #sources: Source[] = [];

  add(source: Source): void {
    if (!this.#sources.includes(source)) this.#sources.push(source);
  }

  /** The most deliveries to hold and request, by the size of the events. */
  get most(): number {
    return this.#sources.reduce((sum, source) => sum + source.most, 0);
  }

  /**
   * Requests as many as there is room for, but not a few at a time.
   *
   * @param window how many may be held or requested
   * @param own how many are held
   * @param needed while fewer are held and none is on its way, even a few are requested, because a handler is idle
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
