import type { Held } from './held.js';
import type { Suspicion } from './outcome.js';
import { Queue } from './queue.js';

/** In this time the acknowledgements of what has just ended have left the process, so that no crash can undo them. */
const REST_MS = 20;

/**
 * Events that came more often than failures and one orderly stop explain. Each may have gone down with its process, and one of them may be why: so each runs
 * by itself, while nothing else has begun or is asked for, and only the one that is to blame goes down once more.
 */
export class Isolation {
  readonly #suspects = new Queue<Held>();
  readonly #suspicionOf: (held: Held) => Suspicion;
  readonly #due: () => void;
  #running: Held | undefined;
  #rest: NodeJS.Timeout | undefined;
  #rested = false;

  /** @param due called when a suspect may begin, if still nothing else runs */
  constructor(suspicionOf: (held: Held) => Suspicion, due: () => void) {
    this.#suspicionOf = suspicionOf;
    this.#due = due;
  }

  isSuspect(held: Held): boolean {
    return this.#suspicionOf(held) !== 'none';
  }

  /** Whether a suspect waits or runs: nothing more is to be asked for. */
  get active(): boolean {
    return this.#running !== undefined || this.#suspects.length > 0;
  }

  /** Whether a suspect runs: nothing else may begin. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Keeps a delivery that could begin for a time when nothing else runs, if it is a suspect. */
  takes(held: Held): boolean {
    const suspicion = this.#suspicionOf(held);
    if (suspicion === 'none') return false;
    held.stage = 'isolated';
    held.lastChance = suspicion === 'last';
    this.#suspects.push(held);
    return true;
  }

  /** What begins now, given that nothing runs and nothing else could. */
  next(): Held | undefined {
    if (this.#suspects.length === 0) return undefined;
    if (!this.#rested) {
      this.#rest ??= setTimeout(() => {
        this.#rest = undefined;
        this.#rested = true;
        this.#due();
      }, REST_MS);
      return undefined;
    }
    this.#rested = false;
    this.#running = this.#suspects.shift();
    return this.#running;
  }

  /** Something else has begun. */
  disturbed(): void {
    this.#rested = false;
  }

  ended(held: Held): void {
    if (this.#running === held) this.#running = undefined;
  }

  /** Forgets what was given back. */
  keep(which: (held: Held) => boolean): void {
    for (const held of this.#suspects.drain()) if (which(held)) this.#suspects.push(held);
  }

  stop(): void {
    clearTimeout(this.#rest);
  }
}
