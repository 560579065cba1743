import { systemClock } from '../../../lib/clock.js';
import { EventRunner } from '../../../lib/delivery/handling/runner.js';
import { OnError } from '../../../lib/delivery/options.js';
import { ListenerLoop } from '../../../lib/delivery/scheduling/loop.js';
import type { PendingDelivery } from '../../../lib/delivery/scheduling/pending-delivery.js';
import { suspicionOf } from '../../../lib/delivery/scheduling/suspicion.js';
import type { ReceivedEvent } from '../../../lib/message/message.js';
import { FakeServer, type HandOver, type Twin } from './fake-server.js';
import { backoff, errorOf, type Failure, KEYS, LEASE, type Plan, RETRY_AFTER, type Setup } from './settlement-setup.js';

/** A handler at work, or what was. */
interface Run {
  readonly hand: HandOver;
  readonly event: ReceivedEvent;
  readonly startedAt: number;
  resolve(): void;
  reject(error: unknown): void;
  over: boolean;
}

/** A loop and its runner on a fake server, and beside them a model that says what each delivery must come to. */
export class ListenerModel {
  readonly server: FakeServer;
  readonly loop: ListenerLoop;
  readonly runs: Run[] = [];
  /** What the server must have been told of a delivery, once its outcome is known. */
  readonly expected = new Map<HandOver, readonly string[]>();
  readonly begun = new Set<HandOver>();
  readonly broken: string[] = [];
  readonly #setup: Setup;
  /** In this process, because their key waits for them. */
  readonly #retried = new Map<HandOver, { attempt: number; notBefore: number }>();
  storesWork = false;
  stopping: Promise<void> | undefined;
  halted = false;
  /** Since when a lapsed lease is not a fault of the loop's. */
  excusedAt = Number.NEGATIVE_INFINITY;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.server = new FakeServer(
      LEASE,
      (sequence) => this.#message(sequence),
      (sequence) => this.#twinOf(sequence),
    );
    const quiet = () => undefined;
    const noteError = (_fields: object, message: string) => {
      if (message.startsWith('This library failed')) this.broken.push(message);
    };
    this.loop = new ListenerLoop({
      clock: systemClock,
      name: 'listener',
      concurrency: setup.concurrency,
      byKey: setup.byKey,
      suspicionOf: (held) => suspicionOf(held.attempt, { maxAttempts: setup.maxAttempts }),
      logger: { debug: quiet, info: quiet, warn: quiet, error: noteError },
      failed: () => void this.stop(1000),
      runner: new EventRunner({
        clock: systemClock,
        name: 'listener',
        logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        lookup: (subject) =>
          subject === 'lightbus.test.happened'
            ? { apiName: 'test', eventName: 'happened', contract: undefined, validate: true }
            : undefined,
        handler: (_parameters, event) => this.#handle(event),
        orderBy: setup.byKey ? (_parameters, event) => event.nativeId.sequence % KEYS : undefined,
        onError: setup.asked || !(setup.onError in OnError) ? () => this.#ask() : (setup.onError as OnError),
        policy: { maxAttempts: setup.maxAttempts, backoff },
        handlerTimeout: setup.handlerTimeout,
        before: () => undefined,
        after: () => undefined,
        giveUp: (held) => this.#store(held),
      }),
    });
    this.server.attach(this.loop);
  }

  get active(): Run[] {
    return this.runs.filter(({ over }) => !over);
  }

  /** Deliveries that wait in this process for another try. */
  get retried(): ReadonlySet<HandOver> {
    return new Set(this.#retried.keys());
  }

  stop(timeout: number): Promise<void> {
    this.halted = true;
    this.stopping ??= this.loop.stop(timeout).then((running) => {
      if (running !== this.active.length) this.broken.push(`the stop left ${running} handlers running`);
    });
    return this.stopping;
  }

  /** Ends a run, and writes down what has to come of it. */
  end(run: Run, succeeds: boolean): void {
    this.#note(run, succeeds ? undefined : this.#setup.failure);
    if (succeeds) run.resolve();
    else run.reject(errorOf(this.#setup.failure));
  }

  /** Writes down what has to come of handlers whose time is over. */
  noteTimeouts(): void {
    const { handlerTimeout } = this.#setup;
    if (handlerTimeout === undefined) return;
    for (const run of this.active) {
      if (performance.now() - run.startedAt >= handlerTimeout) this.#note(run, 'plain');
    }
  }

  planOf({ sequence }: HandOver): Plan {
    return this.planFor(sequence);
  }

  planFor(sequence: number): Plan {
    return this.#setup.plans[sequence % this.#setup.plans.length] ?? 'waits';
  }

  #twinOf(sequence: number): Twin {
    if (this.active.some(({ hand }) => hand.sequence === sequence)) return 'running';
    return [...this.#retried.keys()].some((hand) => hand.sequence === sequence) ? 'retrying' : undefined;
  }

  #message(sequence: number): { subject: string; body: Uint8Array } {
    const plan = this.planFor(sequence);
    return {
      subject: plan === 'foreign' ? 'lightbus.test.another' : 'lightbus.test.happened',
      body: Buffer.from(plan === 'undecodable' ? '{"n":' : `{"n":${sequence}}`),
    };
  }

  #handle(event: ReceivedEvent): unknown {
    const hand = this.#handOf(event.headers);
    const plan = this.planOf(hand);
    this.noteTimeouts();
    this.#checkStart(hand, event, plan);
    this.begun.add(hand);
    const run: Run = { hand, event, startedAt: performance.now(), resolve() {}, reject() {}, over: false };
    this.runs.push(run);
    if (plan === 'throws') {
      this.#note(run, this.#setup.failure);
      throw errorOf(this.#setup.failure);
    }
    if (plan === 'returns') return this.#note(run, undefined);
    return new Promise<void>((resolve, reject) => {
      Object.assign(run, { resolve, reject });
    });
  }

  /** What may not be true when a handler begins. */
  #checkStart(hand: HandOver, event: ReceivedEvent, plan: Plan): void {
    const retried = this.#retried.get(hand);
    this.#retried.delete(hand);
    const never = (happened: boolean, what: string) => {
      if (happened) this.broken.push(`${what} (delivery ${hand.number} of event ${hand.sequence})`);
    };
    const now = performance.now();
    const { concurrency, byKey, maxAttempts } = this.#setup;
    const sameLane = ({ sequence }: HandOver) => !byKey || sequence % KEYS === hand.sequence % KEYS;
    never(plan === 'foreign' || plan === 'undecodable', 'a handler saw what it must not');
    never(this.halted, 'a handler began after the stop');
    never(hand.copyOf === 'running', 'a handler began with a delivery of what ran');
    never(!this.#hasLease(hand, now), 'a handler began though the lease was over');
    never(hand.told.length > 0, 'a handler began with a delivery that was settled');
    never(this.active.length >= concurrency, 'more handlers than concurrency');
    never(event.attempt !== (retried?.attempt ?? hand.deliveries), 'the attempt is wrong');
    never(event.attempt > maxAttempts + 3, 'a handler began at an attempt past all limits');
    const suspect = (attempt: number) => attempt > maxAttempts + 1;
    const alone = !suspect(event.attempt) && !this.active.some((run) => suspect(run.event.attempt));
    never(!alone && this.active.length > 0, 'a suspect did not run by itself');
    never(retried !== undefined && now < retried.notBefore, 'a retry came early');
    never(retried === undefined && this.begun.has(hand), 'one delivery ran twice');
    never(
      this.active.some((run) => run.hand.sequence === hand.sequence),
      'an event ran twice at once',
    );
    never(byKey && this.active.some((run) => sameLane(run.hand)), 'two of one key ran at once');
    never(
      this.server.handed.some((other) => other.number < hand.number && sameLane(other) && this.#waits(other)),
      'a delivery passed an earlier one',
    );
  }

  /** By this delivery, or by a copy that came while the event was here: what renews the one renews the other. */
  #hasLease(hand: HandOver, now: number): boolean {
    const copies = this.server.handed.filter(({ sequence, copyOf }) => copyOf && sequence === hand.sequence);
    return [hand, ...copies].some(({ deadline }) => deadline > now);
  }

  #waits(hand: HandOver): boolean {
    const plan = this.planOf(hand);
    const runs = plan !== 'foreign' && plan !== 'undecodable' && !hand.copyOf;
    const untouched = hand.told.length === 0 && !this.begun.has(hand) && !this.expected.has(hand);
    return runs && untouched && hand.deliveries <= this.#setup.maxAttempts + 1 && hand.deadline > performance.now();
  }

  #handOf(headers: Readonly<Record<string, string>>): HandOver {
    const hand = this.server.handed[Number(headers['hand-over'])];
    if (hand === undefined) throw new Error('a delivery that was never handed over');
    return hand;
  }

  async #store(held: PendingDelivery): Promise<void> {
    const hand = this.#handOf(held.delivery.headers());
    if (!this.expected.has(hand)) {
      const poison = held.attempt > this.#setup.maxAttempts + 3;
      const tried = this.runs.some((run) => run.hand.sequence === hand.sequence) || this.excusedAt > 0;
      if (this.planOf(hand) !== 'undecodable' && !(poison && tried))
        this.broken.push(`gave up event ${hand.sequence}, which could be run`);
      this.#expectLetter(hand, held.attempt);
    }
    const works = this.#storeWorks(hand);
    await Promise.resolve();
    if (hand.told.length > 0) this.broken.push('a delivery was settled before its dead letter was stored');
    if (!works) throw new Error('the dead letters are full');
  }

  /** The table of outcomes, written a second time. */
  #note(run: Run, failure: Failure | undefined): void {
    run.over = true;
    const { hand, event } = run;
    const { onError, maxAttempts } = this.#setup;
    const interrupted = event.signal.aborted && !/handlerTimeout/.test(`${event.signal.reason}`.split(' of ')[0] ?? '');
    if (interrupted) return this.#expect(hand, 'nak 0');
    if (failure === undefined) return this.#expect(hand, 'ack');
    const exhausted = event.attempt >= maxAttempts;
    if (failure === 'reject') return this.#expectLetter(hand, event.attempt);
    if (failure === 'retry-after') {
      if (exhausted) return this.#expectLetter(hand, event.attempt);
      return this.#expectRetry(hand, event.attempt, RETRY_AFTER);
    }
    if (onError === OnError.ACKNOWLEDGE_AND_LOG) return this.#expect(hand, 'ack');
    if (onError === OnError.DEAD_LETTER || exhausted) return this.#expectLetter(hand, event.attempt);
    if (onError === OnError.RETRY) return this.#expectRetry(hand, event.attempt, backoff(event.attempt));
    this.#expect(hand); // SHUTDOWN, and functions that fail: the server is told nothing.
  }

  #expect(hand: HandOver, ...told: string[]): void {
    this.expected.set(hand, told);
  }

  #expectRetry(hand: HandOver, attempt: number, delay: number): void {
    if (!this.#setup.byKey || this.halted) return this.#expect(hand, `nak ${delay}`);
    this.#retried.set(hand, { attempt: attempt + 1, notBefore: performance.now() + delay });
  }

  #expectLetter(hand: HandOver, attempt: number): void {
    this.#expect(hand, this.#storeWorks(hand) ? 'ack' : `nak ${backoff(attempt)}`);
  }

  #storeWorks({ sequence }: HandOver): boolean {
    const { storeWorks } = this.#setup;
    return this.storesWork || (storeWorks[sequence % storeWorks.length] ?? true);
  }

  async #ask(): Promise<OnError> {
    const { onError } = this.#setup;
    if (onError === 'function throws') throw errorOf('hostile');
    return onError as OnError; // `function returns rubbish` is rubbish.
  }
}
