import type { Logger } from '../../logger.js';
import type { PendingDelivery } from './pending-delivery.js';

const MIN_TICK_MS = 20;
/** What has run for so many leases may never end. */
const LONG_RUN_LEASES = 3;

/** What the keeper of leases needs to know of its listener. */
export interface LeaseOptions {
  readonly listener: string;
  readonly logger: Logger;
  /** All that is held; changes while it is walked through. */
  readonly held: ReadonlySet<PendingDelivery>;
  /** Whether something that runs has kept others waiting for a third of its lease. */
  readonly isStuck: (now: number) => boolean;
  /** What merely waits has waited for a third of its lease. */
  readonly waitedTooLong: () => void;
  /** What has to run by itself has waited for that as long. */
  readonly suspectWaits: () => void;
}

/** Renews, at each third of the lease, what runs or waits behind its key, and every replay; tells of what has merely waited as long. */
export class LeaseKeeper {
  readonly #parts: LeaseOptions;
  #timer: NodeJS.Timeout | undefined;
  #lease = Number.POSITIVE_INFINITY;
  #every = 0;
  #tickedAt = 0;
  /** The same by the wall clock, which goes on while the machine sleeps. */
  #wallAt = 0;
  /** When the event loop was last known to be free, so that nothing lay unread. */
  #freeAt = 0;
  /** Whether anything was held since the last tick. */
  #busy = false;

  constructor(parts: LeaseOptions) {
    this.#parts = parts;
  }

  /** To be called before anything is asked for, and for everything that is held; cheap when it keeps watch already. */
  watch(lease: number): void {
    this.#busy = true;
    if (this.#timer !== undefined && lease >= this.#lease) return;
    // The shortest lease of all that is held sets the pace.
    clearInterval(this.#timer);
    this.#lease = lease;
    this.#tickedAt = performance.now();
    this.#wallAt = Date.now();
    this.#freeAt = this.#tickedAt;
    this.#every = Math.max(MIN_TICK_MS, lease / 6);
    // It ticks while nothing is held, too: a lease begins with the sending, and what is sent now may lie unread.
    this.#timer = setInterval(() => this.#tick(this.#every, lease), this.#every);
    this.#timer.unref();
  }

  /** When a delivery that is read now may have been sent: not just now, if the event loop was blocked meanwhile. */
  sentAt(now: number): number {
    return this.#timer !== undefined && now - this.#freeAt > this.#every * 1.5 ? this.#freeAt : now;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(every: number, lease: number): void {
    const now = performance.now();
    const late = now - this.#tickedAt - every;
    const slept = this.#timeSlept(now, lease);
    this.#tickedAt = now;
    if (slept > 0) this.#wakeUp(slept);
    if (late < every / 2 && slept === 0) this.#freeAt = now;
    // Timers come before what waits in the sockets; that is read when the immediates have their turn.
    else setImmediate(() => (this.#freeAt = performance.now()));
    // What was held may have been dropped before this tick, for its lease was lost.
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
      // Another process may have it by now: to renew it would make what waits here look safe to run.
      else if (held.leaseLost(now) && !held.runs) continue;
      // Half a tick early rather than half a tick late.
      else if (now - held.renewedAt >= third - every / 2 && held.delivery.working()) held.renewedAt = now;
    }
    if (waited) this.#parts.waitedTooLong();
  }

  /**
   * How long the machine slept since the last tick, if that was a third of the lease or longer: the clock of leases stood
   * still, but the server's did not. A wall clock that was set forward looks the same, and costs some redeliveries.
   */
  #timeSlept(now: number, lease: number): number {
    const wall = Date.now();
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
