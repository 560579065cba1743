import type { Delivery, Sink, Source } from '../../broker/broker.js';
import type { Clock } from '../../clock.js';
import { BatchBuffer } from './batch-buffer.js';
import { DeliveryBuffer } from './delivery-buffer.js';
import { Demand } from './demand.js';
import { EventLoopBudget } from './event-loop-budget.js';
import { IdleWaiter } from './idle-waiter.js';
import { LeaseKeeper } from './leases.js';
import { LoopLog } from './loop-log.js';
import type { LoopOptions, Runner } from './loop-options.js';
import { PendingDelivery } from './pending-delivery.js';
import { Quarantine } from './quarantine.js';
import type { RunResult } from './run-result.js';

/** How long aborted handlers have to end, after `shutdownTimeout`. */
const ABORT_GRACE_MS = 1000;

/** An event comes again after this time if the library itself failed. */
const BROKEN_DELAY_MS = 5000;

/**
 * One running listener: requests deliveries of its sources, starts them in order and at most `concurrency` at a time,
 * renews their leases, and returns those that it will not start.
 */
export class ListenerLoop implements Sink {
  readonly name: string;
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #runner: Runner;
  readonly #failed: (error: unknown) => void;
  readonly #log: LoopLog;
  readonly #demand: Demand;
  readonly #leases: LeaseKeeper;
  readonly #quarantine: Quarantine;
  readonly #buffer: DeliveryBuffer;
  readonly #batch: BatchBuffer | undefined;
  /** How many handlers run. The storing of a dead letter counts as one, and so does a batch. */
  #running = 0;
  readonly #idle: IdleWaiter;
  #pumping = false;
  readonly #budget: EventLoopBudget;
  #halted = false;

  constructor(options: LoopOptions) {
    this.name = options.name;
    const { clock } = options;
    this.#concurrency = options.concurrency;
    this.#clock = clock;
    this.#idle = new IdleWaiter(clock, () => this.#running === 0);
    this.#budget = new EventLoopBudget(clock);
    this.#runner = options.runner;
    this.#failed = options.failed;
    this.#log = new LoopLog(options.name, options.logger);
    this.#demand = new Demand(options.concurrency, options.batches?.maxSize);
    this.#batch = options.batches && new BatchBuffer(clock, options.batches, () => this.#pump());
    this.#quarantine = new Quarantine({
      clock,
      suspicionOf: options.suspicionOf,
      stopPulling: () => this.#demand.drain(),
      due: () => this.#pump(),
    });
    this.#buffer = new DeliveryBuffer({ clock, byKey: options.byKey, quarantine: this.#quarantine });
    this.#leases = new LeaseKeeper({
      clock,
      listener: options.name,
      logger: options.logger,
      held: this.#buffer.all,
      isStuck: (now) => this.#buffer.isStuck(now),
      waitedTooLong: () => void this.#giveBackWaiting(),
      suspectWaits: () => this.#log.suspectWaits(this.#running),
    });
  }

  deliver(delivery: Delivery, source: Source): void {
    this.accept(new PendingDelivery(delivery, source, this.sentAt(this.#clock.now())));
  }

  /** The earliest time at which a delivery that is read now can have been sent. */
  sentAt(now: number): number {
    return this.#leases.sentAt(now);
  }

  changed(source: Source): void {
    this.#demand.add(source);
    if (!this.#halted) this.#leases.watch(source.lease);
    this.#request();
  }

  /** Its deliveries, in the order of arrival. */
  get held(): ReadonlySet<PendingDelivery> {
    return this.#buffer.all;
  }

  /** Takes a delivery in, from one of its sources or from the replays. */
  accept(held: PendingDelivery): void {
    this.#leases.watch(held.source.lease);
    if (this.#buffer.hasAlready(held)) return this.#pump();
    if (!held.replayed) this.#demand.arrived({ suspect: this.#quarantine.isSuspect(held) });
    this.#buffer.add(held, this.#runner.keyOf?.(held));
    this.#pump();
  }

  /** Acts on the result of a run. A second result of the same run changes nothing. */
  readonly #done = (pending: PendingDelivery, result: RunResult): void => {
    if (result.kind === 'broken') this.#log.libraryFailed(pending, result.error);
    if (!pending.runs) return;
    switch (result.kind) {
      case 'succeeded':
        if (result.fatal !== undefined) this.#failed(result.fatal.error);
        return this.#finish(pending, result.took);
      case 'failed':
        this.#demand.failed();
        return this.#finish(pending);
      case 'not-run':
        return this.#finish(pending);
      case 'retry-here':
        return this.#retryHere(pending, result.delay);
      case 'halt':
        this.halt();
        this.#demand.failed();
        this.#finish(pending);
        return this.#failed(result.error);
      case 'broken':
        this.#demand.failed();
        nakQuietly(pending);
        return this.#finish(pending);
    }
  };

  /** @param took the handler's milliseconds, if it succeeded */
  #finish(pending: PendingDelivery, took?: number): void {
    if (this.#pumping) this.#budget.spend(took ?? 0);
    this.#budget.ended();
    if (took !== undefined) this.#demand.succeeded(took);
    if (pending.batch !== undefined) {
      pending.batch.left -= 1;
      if (pending.batch.left > 0) return this.#release(pending);
    }
    this.#running -= 1;
    this.#quarantine.ended(pending);
    this.#release(pending);
    this.#pump();
  }

  #retryHere(pending: PendingDelivery, delay: number): void {
    this.#demand.failed();
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

  /** No delivery begins from now on. */
  halt(): void {
    this.#halted = true;
    this.#batch?.stop();
  }

  /**
   * Stops pulling, returns the deliveries that have not begun, in order, and waits for those that run; aborts these after
   * `timeout` milliseconds.
   *
   * @param told called when all handlers have ended or were aborted
   * @returns how many handlers had not ended by then
   */
  async stop(timeout: number, told: (how: 'ended' | 'aborted') => void = () => undefined): Promise<number> {
    this.halt();
    await this.#demand.drain();
    this.#giveBack((held) => !held.runs);
    if (await this.#idle.within(timeout)) told('ended');
    else {
      for (const held of this.#buffer.all)
        held.interrupt(new Error('The worker is stopping, and its shutdownTimeout is over'));
      told('aborted');
      await this.#idle.within(ABORT_GRACE_MS);
    }
    this.#demand.close();
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
    try {
      this.#beginReady();
    } finally {
      this.#pumping = false;
    }
    this.#request();
  }

  #beginReady(): void {
    while (this.#mayBegin) {
      if (this.#batch?.isComplete(this.#buffer.peek())) {
        this.#beginBatch(this.#batch.take());
        continue;
      }
      if (this.#quarantine.isWatched(this.#buffer.peek()) && this.#budget.yieldToAcknowledge(() => this.#pump()))
        return;
      const held = this.#buffer.next() ?? this.#nextAlone();
      if (held === undefined) return;
      this.#begin(held);
      if (this.#budget.yieldIfOver(() => this.#pump())) return;
    }
  }

  get #mayBegin(): boolean {
    return !this.#halted && !this.#demand.paused && !this.#quarantine.running && this.#running < this.#concurrency;
  }

  #nextAlone(): PendingDelivery | undefined {
    return this.#running === 0 && !this.#batch?.size ? this.#quarantine.next() : undefined;
  }

  #begin(held: PendingDelivery): void {
    const now = this.#clock.now();
    if (this.#dropIfLost(held, now)) return this.#quarantine.ended(held);
    if (!this.#quarantine.running) {
      this.#quarantine.reset();
      if (this.#batch !== undefined) return this.#batch.add(held);
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
    const now = this.#clock.now();
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

  /** Another process may have a delivery that lost its lease. */
  #dropIfLost(held: PendingDelivery, now: number): boolean {
    if (!held.leaseLost(now)) return false;
    this.#log.leaseLost(held);
    this.#demand.failed();
    this.#release(held);
    return true;
  }

  #request(): void {
    if (!this.#halted && !this.#quarantine.active) this.#demand.request(this.#buffer);
  }

  /**
   * Returns queued deliveries so that another process can take them. Pulls end first, or the server would send them
   * straight back.
   */
  async #giveBackWaiting(): Promise<void> {
    if (this.#demand.paused || this.#halted) return;
    await this.#demand.pauseFor((problem) => {
      // A delivery that comes straight back counts as one more attempt, nothing worse.
      if (problem !== undefined) this.#log.pullsNotEnded(problem);
      if (!this.#halted) this.#giveBack(this.#buffer.shared());
      // The running handlers take longer than their average says. With the same window, returned deliveries would come
      // back and wait again, and each delivery counts as an attempt.
      this.#demand.failed();
    });
    this.#pump();
  }

  #giveBack(which: (held: PendingDelivery) => boolean): void {
    this.#buffer.giveBack(which);
    this.#batch?.keep((held) => this.#buffer.all.has(held));
  }
}

function nakQuietly({ delivery }: PendingDelivery): void {
  try {
    delivery.nak(BROKEN_DELAY_MS);
  } catch {
    // Then it comes again when its lease is over.
  }
}
