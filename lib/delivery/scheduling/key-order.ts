import type { PendingDelivery } from './pending-delivery.js';
import { Queue } from './queue.js';

/** Deliveries of one key: the first may run, the others wait behind it. */
interface Lane {
  head: PendingDelivery;
  readonly waiting: Queue<PendingDelivery>;
}

/** Lets one delivery of each key run at a time, in the order of arrival. */
export class KeyOrder {
  readonly #lanes = new Map<string, Lane>();

  /** Returns whether the delivery may run now; if not, it waits behind others of its key. */
  enter(held: PendingDelivery, key: string): boolean {
    held.key = key;
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#lanes.set(key, { head: held, waiting: new Queue() });
      return true;
    }
    held.to('blocked');
    lane.waiting.push(held);
    return false;
  }

  /** The delivery of the same key that may run: this one, or the one that it waits behind. */
  headOf(held: PendingDelivery): PendingDelivery | undefined {
    return held.key === undefined ? undefined : this.#lanes.get(held.key)?.head;
  }

  /** How many wait behind a delivery. */
  behind(head: PendingDelivery): number {
    const lane = head.key === undefined ? undefined : this.#lanes.get(head.key);
    return lane?.head === head ? lane.waiting.length : 0;
  }

  /** Called when the delivery has ended. Returns the next one of its key, which is ready now. */
  leave(held: PendingDelivery): PendingDelivery | undefined {
    if (held.key === undefined) return undefined;
    const lane = this.#lanes.get(held.key);
    if (lane?.head !== held) return undefined;
    const next = lane.waiting.shift();
    if (next === undefined) {
      this.#lanes.delete(held.key);
    } else {
      lane.head = next;
      next.to('ready');
    }
    return next;
  }

  /** Forgets all others. Returns the deliveries that waited behind forgotten ones and are ready now. */
  keep(which: (held: PendingDelivery) => boolean): PendingDelivery[] {
    const freed: PendingDelivery[] = [];
    for (const [key, lane] of this.#lanes) {
      const [head, ...waiting] = [lane.head, ...lane.waiting.drain()].filter(which);
      if (head === undefined) {
        this.#lanes.delete(key);
        continue;
      }
      for (const held of waiting) lane.waiting.push(held);
      if (head === lane.head) continue;
      lane.head = head;
      head.to('ready');
      freed.push(head);
    }
    return freed;
  }
}
