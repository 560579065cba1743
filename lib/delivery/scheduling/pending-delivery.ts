import type { Delivery, Source } from '../../broker/broker.js';
import type { Received } from '../received.js';
import type { RunResult } from './run-result.js';
import { FIRST_STAGE, STAGES, type Stage } from './stages.js';

/** Told of the result of each run. The first counts. */
export type Done = (pending: PendingDelivery, result: RunResult) => void;

/** One delivery from its arrival until it is settled. */
export class PendingDelivery {
  readonly delivery: Delivery;
  readonly source: Source;
  /** Whether it is a dead letter that was replayed. */
  readonly replayed: boolean;
  readonly arrivedAt: number;
  /** When its lease was last renewed, by the same clock as `arrivedAt`. */
  renewedAt: number;
  #stage = FIRST_STAGE;
  #done: Done | undefined;
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

  get stage(): Stage {
    return this.#stage;
  }

  /** The one way to another stage. @throws Error for one that the table of stages does not allow */
  to(stage: Stage): void {
    if (!STAGES[this.#stage].next.includes(stage))
      throw new Error(`a delivery that is ${this.#stage} cannot become ${stage}`);
    this.#stage = stage;
  }

  /** Whether its handler, or the settling of it, is under way. */
  get runs(): boolean {
    return STAGES[this.#stage].runs;
  }

  /** @param done told of what comes of the run */
  begin(now: number, done: Done): void {
    this.to('running');
    this.startedAt = now;
    this.#done = done;
  }

  /** Tells the loop what came of the run. */
  end(result: RunResult): void {
    this.#done?.(this, result);
  }

  /**
   * Whether another process may have it.
   *
   * @param stuck whether something that runs has run for long: only then is a suspect better off elsewhere, because each
   * return costs it a chance
   */
  isShared(stuck: boolean): boolean {
    const { shared } = STAGES[this.#stage];
    return shared === 'always' || (shared === 'when-stuck' && stuck && !this.lastChance);
  }

  /** Whether its handler, or the settling of it, has been under way for a third of the lease. */
  runsLong(now: number): boolean {
    return this.runs && now - this.startedAt >= this.source.lease / 3;
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
