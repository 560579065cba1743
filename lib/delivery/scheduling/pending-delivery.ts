import type { Delivery, Source } from '../../broker/broker.js';
import type { Received } from '../received.js';

/**
 * Where a held delivery is: `ready` to begin, `gathering` in a batch that is being filled, `blocked` behind another of its
 * key, `quarantined` until nothing else runs, `running` in its handler, `retrying` later in this process, `settling` its dead letter.
 */
export type Stage = 'ready' | 'gathering' | 'blocked' | 'quarantined' | 'running' | 'retrying' | 'settling';

/** One delivery from its arrival until it is settled. */
export class PendingDelivery {
  readonly delivery: Delivery;
  readonly source: Source;
  /** Whether it is a dead letter that was replayed. */
  readonly replayed: boolean;
  readonly arrivedAt: number;
  /** When its lease was last renewed, by the same clock as `arrivedAt`. */
  renewedAt: number;
  stage: Stage = 'ready';
  /** Retries within this process, which the server does not count. */
  retries = 0;
  /** When its handler last began. */
  startedAt = 0;
  /** Decoded, once it has been. */
  event: Received | undefined = undefined;
  /** Whether it was told that it has run for long. */
  toldOfLength = false;
  /** Its handler was told to stop, so that a failure is not a failure of the handler's. */
  interrupted = false;
  /** It runs here or not at all: given back once more, it would be given up. */
  lastChance = false;
  /** The batch that it runs in: how many of it are not settled yet. */
  batch: { left: number } | undefined = undefined;
  /** The order's key, for `orderBy`. */
  key: string | undefined = undefined;

  constructor(delivery: Delivery, source: Source, now: number, replayed = false) {
    this.delivery = delivery;
    this.source = source;
    this.replayed = replayed;
    this.arrivedAt = now;
    this.renewedAt = now;
  }

  /** Which attempt the next run is: the server's count, and the retries that it does not know of. */
  get attempt(): number {
    return this.delivery.deliveries + this.retries;
  }

  /**
   * Whether it waits for nothing but its turn, so that another process may have it.
   *
   * @param stuck whether what runs has run for long: only then is a suspect better off elsewhere, for to be given back costs it a chance
   */
  merelyWaits(stuck: boolean): boolean {
    return this.stage === 'ready' || (this.stage === 'quarantined' && stuck && !this.lastChance);
  }

  /** Whether its handler, or the settling of it, has been under way for a third of the lease. */
  runsLong(now: number): boolean {
    return (this.stage === 'running' || this.stage === 'settling') && now - this.startedAt >= this.source.lease / 3;
  }

  /** Aborts `event.signal`. */
  interrupt(reason: Error): void {
    this.interrupted = true;
    this.event?.abort(reason);
  }

  /** Whether the server may have handed it to another process by now. */
  leaseLost(now: number): boolean {
    return now - this.renewedAt >= this.source.lease;
  }
}
