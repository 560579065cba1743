import type { Source } from '../../broker/broker.js';
import type { Clock } from '../../clock.js';
import { KeyOrder } from './key-order.js';
import type { PendingDelivery } from './pending-delivery.js';
import type { Quarantine } from './quarantine.js';
import { Queue } from './queue.js';

/** How many deliveries that wait for a retry of their key are not counted against the window. */
const MAX_SET_ASIDE = 2048;
/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** From this delivery on, an event may be one that ends its process. */
const SUSPICIOUS = 3;

/** The deliveries of one listener, from their arrival until they end: ready, waiting, or running. */
export class DeliveryBuffer {
  readonly #held = new Set<PendingDelivery>();
  /** By sequence, for each source by itself: two streams have events of the same sequence. */
  readonly #bySource = new Map<Source, Map<number, PendingDelivery>>();
  readonly #ready = new Queue<PendingDelivery>();
  readonly #clock: Clock;
  readonly #quarantine: Quarantine;
  readonly #keys: KeyOrder | undefined;
  /** Deliveries that run again later in this process, each with its timer. */
  readonly #retries = new Map<PendingDelivery, NodeJS.Timeout>();
  /** How many wait for a retry: their own, or that of a delivery of the same key. */
  #setAside = 0;
  #replays = 0;
  #suspects = 0;

  constructor(options: { clock: Clock; byKey: boolean; quarantine: Quarantine }) {
    this.#clock = options.clock;
    this.#quarantine = options.quarantine;
    this.#keys = options.byKey ? new KeyOrder() : undefined;
  }

  /** All deliveries, in the order of arrival. */
  get all(): ReadonlySet<PendingDelivery> {
    return this.#held;
  }

  /**
   * How many count against the window. Replays do not, because nobody requested them; nor do deliveries that a retry of
   * their key holds back, because they must not keep other keys from being requested.
   */
  get counted(): number {
    return this.#held.size - this.#replays - Math.min(this.#setAside, MAX_SET_ASIDE);
  }

  /** Whether one of them was delivered so often that it may end this process, which would cost all the others an attempt. */
  get suspicious(): boolean {
    return this.#suspects > 0;
  }

  /**
   * Whether the same event is here already: its lease ran out on the server, because it was not renewed in time. It does
   * not run a second time; the end of the first delivery settles both.
   */
  hasAlready(held: PendingDelivery): boolean {
    const twin = this.#bySource.get(held.source)?.get(held.delivery.sequence);
    if (twin === undefined) return false;
    // A delivery that lost its lease while it waited will be dropped; then this one runs.
    if (!twin.runs && twin.leaseLost(held.arrivedAt)) return false;
    // Another stream of the same name begins at 1 again.
    const { stream, timestamp } = twin.delivery;
    if (stream !== held.delivery.stream || timestamp !== held.delivery.timestamp) return false;
    twin.renewedAt = held.renewedAt;
    return true;
  }

  /** Adds a delivery; it is ready unless another of its key comes first. */
  add(held: PendingDelivery, key: string | undefined): void {
    this.#held.add(held);
    this.#placesOf(held.source).set(held.delivery.sequence, held);
    if (held.replayed) this.#replays += 1;
    if (held.delivery.deliveries >= SUSPICIOUS) this.#suspects += 1;
    if (key !== undefined && this.#keys?.enter(held, key) === false) {
      if (this.#retries.has(this.#keys.headOf(held) as PendingDelivery)) this.#setAside += 1;
      return;
    }
    this.#makeReady(held);
  }

  /** The delivery that begins next; it stays. */
  peek(): PendingDelivery | undefined {
    return this.#ready.peek();
  }

  /** Removes and returns the delivery that begins next. */
  next(): PendingDelivery | undefined {
    return this.#ready.shift();
  }

  /** Removes a delivery that has ended; the next one of its key is ready. */
  release(held: PendingDelivery): void {
    this.#forget(held);
    const next = this.#keys?.leave(held);
    if (next !== undefined) this.#makeReady(next);
  }

  /** Makes a delivery ready again after a delay; until then it holds back its key and no other. */
  retryLater(held: PendingDelivery, delay: number, due: () => void): void {
    held.retries += 1;
    held.to('retrying');
    this.#setAside += 1 + (this.#keys?.behind(held) ?? 0);
    const ready = () => {
      this.#retries.delete(held);
      this.#setAside -= 1 + (this.#keys?.behind(held) ?? 0);
      held.to('ready');
      this.#makeReady(held);
      due();
    };
    this.#retries.set(held, this.#clock.setTimeout(ready, Math.min(delay, MAX_TIMER_MS)));
  }

  /** Tells which deliveries another process may have, or their key's first one. Replays stay, because the loop cannot end their pulls. */
  shared(): (held: PendingDelivery) => boolean {
    const stuck = this.isStuck(this.#clock.now());
    return (held) => !held.replayed && (held.isShared(stuck) || this.#keys?.headOf(held)?.isShared(stuck) === true);
  }

  /** Whether a delivery has run for a third of its lease. */
  isStuck(now: number): boolean {
    for (const held of this.#held) if (held.runsLong(now)) return true;
    return false;
  }

  /** Returns deliveries to the server, in order; it delivers them again at once. */
  giveBack(which: (held: PendingDelivery) => boolean): void {
    const now = this.#clock.now();
    for (const held of [...this.#held].filter(which)) {
      this.#forget(held);
      // Another process may run a delivery that lost its lease; a nak would take it away from there.
      if (!held.leaseLost(now)) held.delivery.nak(0);
    }
    for (const held of this.#ready.drain()) if (this.#held.has(held)) this.#ready.push(held);
    // Replays stay, so one of them may be the first of its key now.
    for (const held of this.#keys?.keep((each) => this.#held.has(each)) ?? []) this.#makeReady(held);
    this.#quarantine.keep((held) => this.#held.has(held));
    this.#forgetRetries();
  }

  /** Ends the timers of retries. */
  stop(): void {
    for (const timer of this.#retries.values()) this.#clock.clearTimeout(timer);
    this.#retries.clear();
  }

  /** Ends the timers of returned deliveries. */
  #forgetRetries(): void {
    this.#setAside = 0;
    for (const [held, timer] of this.#retries) {
      if (this.#held.has(held)) {
        this.#setAside += 1 + (this.#keys?.behind(held) ?? 0);
      } else {
        this.#clock.clearTimeout(timer);
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
