import type { Delivery, Sink, Source } from '../../broker/broker.js';
import type { Logger } from '../../logger.js';
import { DeliveryBuffer } from './delivery-buffer.js';
import { EventLoopBudget } from './event-loop-budget.js';
import { Flow } from './flow.js';
import { Gathering } from './gathering.js';
import { IdleWaiter } from './idle-waiter.js';
import { LeaseKeeper } from './leases.js';
import type { LoopOptions, Runner } from './loop-options.js';
import { PendingDelivery } from './pending-delivery.js';
import { PullScheduler } from './pull-scheduler.js';
import { Quarantine } from './quarantine.js';
import type { RunResult } from './run-result.js';

/** What aborted handlers get to end in, once `shutdownTimeout` is over. */
const ABORT_GRACE_MS = 1000;

/** An event at which this library itself failed is not tried again at once. */
const BROKEN_DELAY_MS = 5000;

/**
 * One listener at work: holds deliveries of its sources, hands them to its runner in order and no more than `concurrency`
 * at a time, asks for as many as the flow allows, keeps their leases, and gives back what it will not begin.
 */
export class ListenerLoop implements Sink {
  readonly name: string;
  readonly #concurrency: number;
  readonly #runner: Runner;
  readonly #failed: (error: unknown) => void;
  readonly #logger: Logger;
  readonly #flow: Flow;
  readonly #leases: LeaseKeeper;
  readonly #quarantine: Quarantine;
  readonly #buffer: DeliveryBuffer;
  readonly #gathering: Gathering | undefined;
  readonly #pulls = new PullScheduler();
  /** Handlers that run; the settling of a dead letter counts too, and a batch as one. */
  #running = 0;
  readonly #idle = new IdleWaiter(() => this.#running === 0);
  #pumping = false;
  readonly #budget = new EventLoopBudget();
  /** Until an event has come that is not a suspect, one is asked for at a time. */
  #careful = true;
  #suspended = false;
  #toldOfSuspect = false;
  #halted = false;

  constructor(options: LoopOptions) {
    this.name = options.name;
    this.#concurrency = options.concurrency;
    this.#runner = options.runner;
    this.#failed = options.failed;
    this.#logger = options.logger;
    this.#flow = new Flow(options.concurrency * (options.batches?.maxSize ?? 1));
    this.#gathering = options.batches && new Gathering(options.batches, () => this.#pump());
    this.#quarantine = new Quarantine({
      suspicionOf: options.suspicionOf,
      stopPulling: () => this.#pulls.drain(),
      due: () => this.#pump(),
    });
    this.#buffer = new DeliveryBuffer({ inLanes: options.inLanes, quarantine: this.#quarantine });
    this.#leases = new LeaseKeeper({
      listener: options.name,
      logger: options.logger,
      held: this.#buffer.all,
      isStuck: (now) => this.#buffer.isStuck(now),
      waitedTooLong: () => void this.#giveBackWaiting(),
      suspectWaits: () => this.#tellOfSuspect(),
    });
  }

  deliver(delivery: Delivery, source: Source): void {
    this.accept(new PendingDelivery(delivery, source, this.sentAt(performance.now())));
  }

  /** When a delivery that is read now may have been sent. */
  sentAt(now: number): number {
    return this.#leases.sentAt(now);
  }

  changed(source: Source): void {
    this.#pulls.add(source);
    this.#flow.limitTo(source.lease);
    if (!this.#halted) this.#leases.watch(source.lease);
    this.#ask();
  }

  /** What it holds, in the order of arrival. */
  get held(): ReadonlySet<PendingDelivery> {
    return this.#buffer.all;
  }

  /** Takes a delivery in, from a source of its own or from the replays. */
  accept(held: PendingDelivery): void {
    this.#leases.watch(held.source.lease);
    if (this.#buffer.hasAlready(held)) return this.#pump();
    if (!held.replayed) this.#careful = this.#quarantine.isSuspect(held);
    this.#buffer.add(held, this.#runner.keyOf?.(held));
    this.#pump();
  }

  /** What came of a run; what comes a second time of the same run changes nothing. */
  readonly #done = (pending: PendingDelivery, result: RunResult): void => {
    if (result.kind === 'broken') this.#reportBroken(pending, result.error);
    if (!pending.runs) return;
    switch (result.kind) {
      case 'succeeded':
        if (result.fatal !== undefined) this.#failed(result.fatal.error);
        return this.#finish(pending, result.took);
      case 'failed':
        this.#flow.failed();
        return this.#finish(pending);
      case 'not-run':
        return this.#finish(pending);
      case 'retry-here':
        return this.#retryHere(pending, result.delay);
      case 'halt':
        this.halt();
        this.#flow.failed();
        this.#finish(pending);
        return this.#failed(result.error);
      case 'broken':
        this.#flow.failed();
        nakQuietly(pending);
        return this.#finish(pending);
    }
  };

  /** @param took the handler's milliseconds, if it succeeded */
  #finish(pending: PendingDelivery, took?: number): void {
    if (this.#pumping) this.#budget.spend(took ?? 0);
    this.#budget.ended();
    if (took !== undefined) this.#flow.succeeded(took);
    if (pending.batch !== undefined) {
      pending.batch.left -= 1;
      if (pending.batch.left > 0) return this.#release(pending);
    }
    this.#running -= 1;
    this.#quarantine.ended(pending);
    this.#release(pending);
    this.#pump();
  }

  /** The event comes again, and the listener goes on. */
  #reportBroken({ delivery }: PendingDelivery, error: unknown): void {
    const text = 'This library failed while it settled a delivery; the event comes again. Please report this';
    try {
      this.#logger.error({ listener: this.name, sequence: delivery.sequence, err: error }, text);
    } catch {
      // A logger may be what failed.
    }
  }

  #retryHere(pending: PendingDelivery, delay: number): void {
    this.#flow.failed();
    if (this.#halted) {
      pending.delivery.nak(delay);
      return this.#finish(pending);
    }
    this.#running -= 1;
    this.#quarantine.ended(pending);
    this.#buffer.retryLater(pending, delay, () => this.#pump());
    this.#idle.note();
    this.#pump();
  }

  /** Nothing begins any more. */
  halt(): void {
    this.#halted = true;
    this.#gathering?.stop();
  }

  /**
   * Stops pulling, gives back what has not begun, in order, and waits for what runs; aborts it when `timeout` is over.
   *
   * @param told is called when all has ended, or was aborted
   * @returns how many handlers had not ended by then
   */
  async stop(timeout: number, told: (how: 'ended' | 'aborted') => void = () => undefined): Promise<number> {
    this.halt();
    await this.#pulls.drain();
    this.#giveBack((held) => !held.runs);
    if (await this.#idle.within(timeout)) told('ended');
    else {
      for (const held of this.#buffer.all)
        held.interrupt(new Error('The worker is stopping, and its shutdownTimeout is over'));
      told('aborted');
      await this.#idle.within(ABORT_GRACE_MS);
    }
    this.#pulls.close();
    this.#leases.stop();
    this.#buffer.stop();
    this.#quarantine.stop();
    this.#budget.stop();
    return this.#running;
  }

  #release(held: PendingDelivery): void {
    this.#buffer.release(held);
    this.#idle.note();
  }

  #pump(): void {
    if (this.#pumping || this.#budget.yielding) return;
    this.#pumping = true;
    while (this.#mayBegin) {
      if (this.#gathering?.isComplete(this.#buffer.peek())) {
        this.#beginBatch(this.#gathering.take());
        continue;
      }
      if (this.#quarantine.isWatched(this.#buffer.peek()) && this.#budget.yieldToAcknowledge(() => this.#pump())) break;
      const held = this.#buffer.next() ?? this.#nextAlone();
      if (held === undefined) break;
      this.#begin(held);
      if (this.#budget.yieldIfOver(() => this.#pump())) break;
    }
    this.#pumping = false;
    this.#ask();
  }

  get #mayBegin(): boolean {
    return !this.#halted && !this.#suspended && !this.#quarantine.running && this.#running < this.#concurrency;
  }

  #nextAlone(): PendingDelivery | undefined {
    return this.#running === 0 && !this.#gathering?.size ? this.#quarantine.next() : undefined;
  }

  #begin(held: PendingDelivery): void {
    const now = performance.now();
    if (this.#dropIfLost(held, now)) return this.#quarantine.ended(held);
    if (!this.#quarantine.running) {
      this.#quarantine.reset();
      if (this.#gathering !== undefined) return this.#gathering.add(held);
    }
    this.#running += 1;
    held.begin(now, this.#done);
    try {
      this.#runner.start(held);
    } catch (error) {
      held.end({ kind: 'broken', error });
    }
  }

  #beginBatch(gathered: readonly PendingDelivery[]): void {
    const now = performance.now();
    const deliveries = gathered.filter((held) => !this.#dropIfLost(held, now));
    if (deliveries.length === 0) return;
    const batch = { left: deliveries.length };
    this.#running += 1;
    for (const held of deliveries) {
      held.batch = batch;
      held.begin(now, this.#done);
    }
    try {
      this.#runner.startBatch?.(deliveries);
    } catch (error) {
      for (const held of deliveries) held.end({ kind: 'broken', error });
    }
  }

  /** Another process may have by now what lost its lease. */
  #dropIfLost(held: PendingDelivery, now: number): boolean {
    if (!held.leaseLost(now)) return false;
    this.#logger.warn(
      { listener: this.name, sequence: held.delivery.sequence, reason: 'lease_lost' },
      'The lease of a waiting delivery was lost; dropped it without running it, it comes again',
    );
    this.#flow.failed();
    this.#release(held);
    return true;
  }

  #ask(): void {
    if (this.#halted || this.#suspended || this.#quarantine.active) return;
    const most = this.#buffer.suspicious ? this.#concurrency : this.#flow.within(this.#pulls.most);
    const window = this.#careful ? 1 : most;
    // A batch that is being filled is not left short of what is there; else no slot stays free beside slow handlers.
    const needed = this.#gathering === undefined ? this.#concurrency : Number.POSITIVE_INFINITY;
    this.#pulls.request(window, this.#buffer.counted, needed);
  }

  /** Hands what merely waits to other processes: ends the pulls first, else it would come straight back. */
  async #giveBackWaiting(): Promise<void> {
    if (this.#suspended || this.#halted) return;
    this.#suspended = true;
    try {
      await this.#pulls.drain();
    } catch (error) {
      // What comes straight back counts as another attempt, and no more.
      this.#logger.error({ listener: this.name, err: error }, 'The pulls of a listener could not be ended');
    }
    if (!this.#halted) this.#giveBack(this.#buffer.shared());
    // What runs takes longer than its times so far say. What was asked for ahead of it would come straight back and wait
    // again, and each time counts as an attempt.
    this.#flow.failed();
    this.#suspended = false;
    this.#pump();
  }

  #tellOfSuspect(): void {
    if (this.#toldOfSuspect) return;
    this.#toldOfSuspect = true;
    this.#logger.warn(
      { listener: this.name, running: this.#running },
      'An event has come more often than it may fail, so it may be what ends processes of this service; ' +
        'it waits until it can run by itself, and nothing more is asked for meanwhile',
    );
  }

  #giveBack(which: (held: PendingDelivery) => boolean): void {
    this.#buffer.giveBack(which);
    this.#gathering?.keep((held) => this.#buffer.all.has(held));
  }
}

function nakQuietly({ delivery }: PendingDelivery): void {
  try {
    delivery.nak(BROKEN_DELAY_MS);
  } catch {
    // Then it comes again when its lease is over.
  }
}
