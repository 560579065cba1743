import type { Source } from '../../broker/broker.js';
import { PullScheduler } from './pull-scheduler.js';
import { Window } from './window.js';

/** How many deliveries a listener requests of its sources, and when it requests none. */
export class Demand {
  readonly #concurrency: number;
  readonly #window: Window;
  readonly #pulls = new PullScheduler();
  /** While fewer than this are held and none is under way, even a single one is requested. */
  readonly #needed: number;
  #oneAtATime = true;
  #paused = false;

  /** @param batchSize the most events of a batch; undefined: handlers take one event each */
  constructor(concurrency: number, batchSize: number | undefined) {
    this.#concurrency = concurrency;
    this.#window = new Window(concurrency * (batchSize ?? 1));
    // A batch that is being filled takes whatever is there, or a slot would stay free beside slow handlers.
    this.#needed = batchSize === undefined ? concurrency : Number.POSITIVE_INFINITY;
  }

  get paused(): boolean {
    return this.#paused;
  }

  add(source: Source): void {
    this.#pulls.add(source);
    this.#window.limitTo(source.lease);
  }

  /** Requests one event at a time until one arrives that is not suspected of ending its process. */
  arrived({ suspect }: { suspect: boolean }): void {
    this.#oneAtATime = suspect;
  }

  /** @param took milliseconds of the handler */
  succeeded(took: number): void {
    this.#window.succeeded(took);
  }

  /** A run failed, or a lease was lost. */
  failed(): void {
    this.#window.failed();
  }

  /**
   * Requests what there is room for.
   *
   * @param counted how many are held that count
   * @param suspicious whether one of them came so often that no other should be held for long
   */
  request({ counted, suspicious }: { readonly counted: number; readonly suspicious: boolean }): void {
    if (this.#paused) return;
    const most = suspicious ? this.#concurrency : this.#window.within(this.#pulls.most);
    this.#pulls.request(this.#oneAtATime ? 1 : most, counted, this.#needed);
  }

  /** Resolves when no pull is open any more: what was requested has arrived or will not. */
  drain(): Promise<void> {
    return this.#pulls.drain();
  }

  /** Requests nothing while `act` runs, after all pulls have ended; `act` is told why they could not, if they could not. */
  async pauseFor(act: (problem: unknown) => void): Promise<void> {
    this.#paused = true;
    let problem: unknown;
    try {
      await this.#pulls.drain();
    } catch (error) {
      problem = error;
    }
    try {
      act(problem);
    } finally {
      this.#paused = false;
    }
  }

  close(): void {
    this.#pulls.close();
  }
}
