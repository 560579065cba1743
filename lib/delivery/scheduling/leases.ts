import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import type { PendingDelivery } from './pending-delivery.js';

const MIN_TICK_MS = 20;
/** A handler that has run for this many leases may never end. */
const LONG_RUN_LEASES = 3;

/** What the lease keeper needs of its listener. */
export interface LeaseOptions {
  readonly clock: Clock;
  readonly listener: string;
  readonly logger: Logger;
  /** All deliveries of the listener; changes during the walk. */
  readonly held: ReadonlySet<PendingDelivery>;
  /** Whether a delivery has run for a third of its lease. */
  readonly isStuck: (now: number) => boolean;
  /** Called when a delivery that another process may have has waited for a third of its lease. */
  readonly waitedTooLong: () => void;
  /** Called when a quarantined delivery has waited as long. */
  readonly suspectWaits: () => void;
}

/**
 * Renews leases, each after a third of it: of deliveries that run, that wait here for a reason, and of replays. Reports the
 * others, which another process may have, instead.
 */
export class LeaseKeeper {
  readonly #parts: LeaseOptions;
  #timer: NodeJS.Timeout | undefined;
  #lease = Number.POSITIVE_INFINITY;
  #every = 0;
  #tickedAt = 0;
  /** The same by the wall clock, which does not stop while the machine sleeps. */
  #wallAt = 0;
  /** When the event loop was last known to be free, with no message unread. */
  #freeAt = 0;
  /** Whether the listener had deliveries at the last tick. */
  #busy = false;

  constructor(parts: LeaseOptions) {
    this.#parts = parts;
  }

  /** Must be called before anything is requested, and for each delivery; cheap if it watches already. */
  watch(lease: number): void {
    this.#busy = true;
    if (this.#timer !== undefined && lease >= this.#lease) return;
    // The shortest lease sets the pace.
    this.#parts.clock.clearInterval(this.#timer);
    this.#lease = lease;
    this.#tickedAt = this.#parts.clock.now();
    this.#wallAt = this.#parts.clock.date();
    this.#freeAt = this.#tickedAt;
    this.#every = Math.max(MIN_TICK_MS, lease / 6);
    // It also ticks while there are no deliveries: a lease begins when the server sends, and the message may lie unread.
    this.#timer = this.#parts.clock.setInterval(() => this.#tick(this.#every, lease), this.#every);
    this.#timer.unref();
  }

  /** The earliest time at which a delivery that is read now can have been sent: earlier than now if the event loop was blocked. */
  sentAt(now: number): number {
    return this.#timer !== undefined && now - this.#freeAt > this.#every * 1.5 ? this.#freeAt : now;
  }

  stop(): void {
    this.#parts.clock.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(every: number, lease: number): void {
    const now = this.#parts.clock.now();
    const late = now - this.#tickedAt - every;
    const slept = this.#timeSlept(now, lease);
    this.#tickedAt = now;
    if (slept > 0) this.#wakeUp(slept);
    if (late < every / 2 && slept === 0) this.#freeAt = now;
    // Timers run before the sockets are read; by the time immediates run, they have been read.
    else setImmediate(() => (this.#freeAt = this.#parts.clock.now()));
    // Deliveries of the last tick may have been dropped since, because their leases were lost.
    if (late > lease / 3 && this.#busy) this.#blocked(late);
    this.#busy = this.#parts.held.size > 0;
    if (!this.#busy) return;
    let waited = false;
    const stuck = this.#parts.isStuck(now);
    for (const held of this.#parts.held) {
      const third = held.source.lease / 3;
      if (held.stage === 'running' && now - held.startedAt > held.source.lease * LONG_RUN_LEASES)
        this.#runsLong(held, now);
      if (held.stage === 'quarantined' && now - held.arrivedAt >= third) this.#parts.suspectWaits();
      if (held.isShared(stuck) && !held.replayed) waited ||= now - held.renewedAt >= third;
      // Another process may have it: after a renewal, it would look safe to run here.
      else if (held.leaseLost(now) && !held.runs) continue;
      // Rather half a tick early than half a tick late.
      else if (now - held.renewedAt >= third - every / 2 && held.delivery.working()) held.renewedAt = now;
    }
    if (waited) this.#parts.waitedTooLong();
  }

  /**
   * How long the machine slept since the last tick, if that was a third of the lease or longer: the monotonic clock, by
   * which leases are kept, stood still, but the server's did not. A wall clock that was set forward looks the same, and
   * costs some redeliveries.
   */
  #timeSlept(now: number, lease: number): number {
    const wall = this.#parts.clock.date();
    const slept = wall - this.#wallAt - (now - this.#tickedAt);
    this.#wallAt = wall;
    return slept > lease / 3 ? slept : 0;
  }

  #wakeUp(slept: number): void {
    this.#freeAt -= slept;
    for (const held of this.#parts.held) held.renewedAt -= slept;
    if (!this.#busy) return;
    this.#parts.logger.warn(
      { listener: this.#parts.listener, sleptMs: Math.round(slept) },
      'The machine slept, or its clock was set forward, for a third of the lease or longer, so leases were not renewed in time and events may run twice',
    );
  }

  #runsLong(held: PendingDelivery, now: number): void {
    if (held.toldOfLength) return;
    held.toldOfLength = true;
    const { event, startedAt, delivery } = held;
    this.#parts.logger.warn(
      {
        listener: this.#parts.listener,
        event: event && `${event.apiName}.${event.eventName}`,
        eventId: event?.id,
        sequence: delivery.sequence,
        runningMs: Math.round(now - startedAt),
      },
      'A handler has not ended for three times acknowledgementTimeout; its event stays with this process. Give the listener a handlerTimeout, or raise acknowledgementTimeout',
    );
  }

  #blocked(milliseconds: number): void {
    this.#parts.logger.warn(
      { listener: this.#parts.listener, blockedMs: Math.round(milliseconds) },
      'The event loop was blocked for a third of the lease or longer, so leases were not renewed in time and events may run twice; ' +
        'move the long computation into a thread (give listen the URL of a module), or raise acknowledgementTimeout',
    );
  }
}
