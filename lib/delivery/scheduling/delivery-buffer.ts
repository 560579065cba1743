import type { Source } from '../../broker/broker.js';
import { Lanes } from './lanes.js';
import type { PendingDelivery } from './pending-delivery.js';
import type { Quarantine } from './quarantine.js';
import { Queue } from './queue.js';

/** How many may wait for retries of their keys, beside what the flow allows. */
const MAX_SET_ASIDE = 2048;
/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** From this delivery on, an event may be one that kills its process. */
const SUSPICIOUS = 3;

/** What a listener holds: what is ready to begin, what waits behind its key or for a retry, and what runs. */
export class DeliveryBuffer {
  readonly #held = new Set<PendingDelivery>();
  /** By sequence, for each source by itself: two streams have events of the same sequence. */
  readonly #bySource = new Map<Source, Map<number, PendingDelivery>>();
  readonly #ready = new Queue<PendingDelivery>();
  readonly #quarantine: Quarantine;
  readonly #lanes: Lanes | undefined;
  /** What is tried again later in this process. */
  readonly #retries = new Map<PendingDelivery, NodeJS.Timeout>();
  /** How many wait for a retry, themselves or behind their key. */
  #setAside = 0;
  #replays = 0;
  #suspects = 0;

  constructor(options: { inLanes: boolean; quarantine: Quarantine }) {
    this.#quarantine = options.quarantine;
    this.#lanes = options.inLanes ? new Lanes() : undefined;
  }

  /** Everything, in the order of arrival. */
  get all(): ReadonlySet<PendingDelivery> {
    return this.#held;
  }

  /**
   * How many count against what may be asked for: not the replays, which come unasked, nor what a retry of its key holds
   * back, which must not keep other keys from being asked for.
   */
  get counted(): number {
    return this.#held.size - this.#replays - Math.min(this.#setAside, MAX_SET_ASIDE);
  }

  /** Whether something held has come so often that it may kill this process, and all that is held takes a count along. */
  get suspicious(): boolean {
    return this.#suspects > 0;
  }

  /**
   * Whether the very event is held already, in its handler or waiting for it: its lease ran out on the server, which could
   * not be told in time that it is being looked after. It does not run a second time; however the first one ends settles both.
   */
  hasAlready(held: PendingDelivery): boolean {
    const twin = this.#bySource.get(held.source)?.get(held.delivery.sequence);
    if (twin === undefined) return false;
    // What waited until its lease was lost will be dropped; then this one runs.
    if (!twin.runs && twin.leaseLost(held.arrivedAt)) return false;
    // Another stream of the same name begins at 1 again.
    const { stream, timestamp } = twin.delivery;
    if (stream !== held.delivery.stream || timestamp !== held.delivery.timestamp) return false;
    twin.renewedAt = held.renewedAt;
    return true;
  }

  /** Takes a delivery in; it is ready unless it has to wait behind its key. */
  add(held: PendingDelivery, key: string | undefined): void {
    this.#held.add(held);
    this.#placesOf(held.source).set(held.delivery.sequence, held);
    if (held.replayed) this.#replays += 1;
    if (held.delivery.deliveries >= SUSPICIOUS) this.#suspects += 1;
    if (key !== undefined && this.#lanes?.enter(held, key) === false) {
      if (this.#retries.has(this.#lanes.headOf(held) as PendingDelivery)) this.#setAside += 1;
      return;
    }
    this.#makeReady(held);
  }

  /** What begins next, without taking it. */
  peek(): PendingDelivery | undefined {
    return this.#ready.peek();
  }

  /** Takes what begins next. */
  next(): PendingDelivery | undefined {
    return this.#ready.shift();
  }

  /** A delivery is settled: what waited behind it is ready. */
  release(held: PendingDelivery): void {
    this.#forget(held);
    const next = this.#lanes?.leave(held);
    if (next !== undefined) this.#makeReady(next);
  }

  /** Makes a delivery ready again after a delay; until then it holds back its key alone. */
  retryLater(held: PendingDelivery, delay: number, due: () => void): void {
    held.retries += 1;
    held.to('retrying');
    this.#setAside += 1 + (this.#lanes?.behind(held) ?? 0);
    const ready = () => {
      this.#retries.delete(held);
      this.#setAside -= 1 + (this.#lanes?.behind(held) ?? 0);
      held.to('ready');
      this.#makeReady(held);
      due();
    };
    this.#retries.set(held, setTimeout(ready, Math.min(delay, MAX_TIMER_MS)));
  }

  /** What another process may have, itself or with what it waits behind. A replay stays: its pulls are not the loop's to end. */
  shared(): (held: PendingDelivery) => boolean {
    const stuck = this.isStuck(performance.now());
    return (held) => !held.replayed && (held.isShared(stuck) || this.#lanes?.headOf(held)?.isShared(stuck) === true);
  }

  /** Whether something that runs has kept others waiting for a third of its lease. */
  isStuck(now: number): boolean {
    for (const held of this.#held) if (held.runsLong(now)) return true;
    return false;
  }

  /** Gives back some of what is held, in order, to be delivered again at once. */
  giveBack(which: (held: PendingDelivery) => boolean): void {
    const now = performance.now();
    for (const held of [...this.#held].filter(which)) {
      this.#forget(held);
      // Another process may have begun what lost its lease; a nak would take it from there.
      if (!held.leaseLost(now)) held.delivery.nak(0);
    }
    for (const held of this.#ready.drain()) if (this.#held.has(held)) this.#ready.push(held);
    // A replay is kept where what it waits behind, or what waits behind it, is not.
    for (const held of this.#lanes?.keep((each) => this.#held.has(each)) ?? []) this.#makeReady(held);
    this.#quarantine.keep((held) => this.#held.has(held));
    this.#forgetRetries();
  }

  /** Ends the timers of retries. */
  stop(): void {
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
  }

  /** Of what was given back. */
  #forgetRetries(): void {
    this.#setAside = 0;
    for (const [held, timer] of this.#retries) {
      if (this.#held.has(held)) {
        this.#setAside += 1 + (this.#lanes?.behind(held) ?? 0);
      } else {
        clearTimeout(timer);
        this.#retries.delete(held);
      }
    }
  }

  #placesOf(source: Source): Map<number, PendingDelivery> {
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    const places = new Map<number, PendingDelivery>();
    this.#bySource.set(source, places);
    return places;
  }

  #makeReady(held: PendingDelivery): void {
    if (!this.#quarantine.admit(held)) this.#ready.push(held);
  }

  #forget(held: PendingDelivery): void {
    if (!this.#held.delete(held)) return;
    held.to('ended');
    const places = this.#placesOf(held.source);
    if (places.get(held.delivery.sequence) === held) places.delete(held.delivery.sequence);
    if (held.replayed) this.#replays -= 1;
    if (held.delivery.deliveries >= SUSPICIOUS) this.#suspects -= 1;
  }
}
