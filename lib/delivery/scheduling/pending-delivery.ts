import type { Delivery, Source } from '../../broker/broker.js';
import type { Received } from '../received.js';
import type { RunResult } from './run-result.js';
import { FIRST_STAGE, STAGES, type Stage } from './stages.js';

/** Called with the result of each run; the first result counts. */
export type Done = (pending: PendingDelivery, result: RunResult) => void;

/** One delivery from its arrival until it is settled. */
export class PendingDelivery {
  readonly delivery: Delivery;
  readonly source: Source;
  /** Whether it is a replayed dead letter. */
  readonly replayed: boolean;
  readonly arrivedAt: number;
  /** When its lease was last renewed, by the same clock as `arrivedAt`. */
  renewedAt: number;
  #stage = FIRST_STAGE;
  #done: Done | undefined;
  /** Retries within this process, of which the server does not know. */
  retries = 0;
  /** When its handler last began. */
  startedAt = 0;
  /** Undefined until it is decoded. */
  event: Received | undefined = undefined;
  /** Whether the log has said that it runs for long. */
  toldOfLength = false;
  /** Whether its handler was told to stop: what it does then is not the handler's failure. */
  interrupted = false;
  /** Whether it would be given up without a run if it were returned once more. */
  lastChance = false;
  /** The batch that it runs in, and how many of that are not settled yet. */
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

  /** The number of the next run: the server's count, and the retries of which it does not know. */
  get attempt(): number {
    return this.delivery.deliveries + this.retries;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Changes the stage. @throws Error for a change that the table of stages does not allow */
  to(stage: Stage): void {
    if (!STAGES[this.#stage].next.includes(stage))
      throw new Error(`a delivery that is ${this.#stage} cannot become ${stage}`);
    this.#stage = stage;
  }

  /** Whether its handler runs, or its dead letter is being stored. */
  get runs(): boolean {
    return STAGES[this.#stage].runs;
  }

  /** @param done called with the result */
  begin(now: number, done: Done): void {
    this.to('running');
    this.startedAt = now;
    this.#done = done;
  }

  /** Reports the result of the run to the loop. */
  end(result: RunResult): void {
    this.#done?.(this, result);
  }

  /**
   * Whether another process may have it.
   *
   * @param stuck whether another delivery has run for long: only then is a suspect better off elsewhere, because each return
   * counts as an attempt
   */
  isShared(stuck: boolean): boolean {
    const { shared } = STAGES[this.#stage];
    return shared === 'always' || (shared === 'when-stuck' && stuck && !this.lastChance);
  }

  /** Whether it has run for a third of its lease. */
  runsLong(now: number): boolean {
    return this.runs && now - this.startedAt >= this.source.lease / 3;
  }

  /** Aborts `event.signal`. */
  interrupt(reason: Error): void {
    this.interrupted = true;
    this.event?.abort(reason);
  }

  /** Whether the server may have delivered it to another process. */
  leaseLost(now: number): boolean {
    return now - this.renewedAt >= this.source.lease;
  }
}
