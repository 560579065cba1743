import type { Held } from './held.js';
import { Queue } from './queue.js';

/** Lets one delivery of each key through at a time, in the order of arrival. */
export class Lanes {
  readonly #lanes = new Map<string, Queue<Held>>();

  /** Whether the delivery may go on now; if not, it waits behind its key. */
  enter(held: Held, key: string): boolean {
    held.key = key;
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#lanes.set(key, new Queue());
      return true;
    }
    held.stage = 'blocked';
    lane.push(held);
    return false;
  }

  /** The delivery is settled: gives the next of its key, which is ready now. */
  leave(held: Held): Held | undefined {
    if (held.key === undefined) return undefined;
    const next = this.#lanes.get(held.key)?.shift();
    if (next === undefined) this.#lanes.delete(held.key);
    else next.stage = 'ready';
    return next;
  }

  clear(): void {
    this.#lanes.clear();
  }
}
