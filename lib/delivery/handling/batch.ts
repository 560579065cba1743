import { InvalidEventArguments } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { ReceivedEvent } from '../../message/message.js';
import type { Batch } from '../options.js';
import type { Received } from '../received.js';
import type { Runner } from '../scheduling/loop-options.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';
import { killsItsProcess } from '../scheduling/suspicion.js';
import { Settlement } from './settlement.js';
import type { SettlementOptions } from './settlement-options.js';
import { inTime, isThenable } from './timeout.js';

/** What one listener's batches need to run. */
export interface BatchRunnerOptions extends SettlementOptions {
  readonly handler: (events: readonly ReceivedEvent[], batch: Batch) => unknown;
  /** Milliseconds; undefined for no limit. */
  readonly handlerTimeout: number | undefined;
  readonly before: (event: ReceivedEvent) => Promise<void> | undefined;
}

/** A delivery that was decoded. */
interface Member {
  readonly held: PendingDelivery;
  readonly event: Received;
}

/** Decodes a batch, calls the handler once, and settles each delivery by the table of outcomes. */
export class BatchRunner implements Runner {
  readonly #parts: BatchRunnerOptions;
  readonly #settlement: Settlement;

  constructor(parts: BatchRunnerOptions) {
    this.#parts = parts;
    this.#settlement = new Settlement(parts);
  }

  start(held: PendingDelivery): void {
    this.startBatch([held]);
  }

  startBatch(batch: readonly PendingDelivery[]): void {
    const members: Member[] = [];
    for (const held of batch) {
      const event = this.#settlement.open(held, killsItsProcess(held.attempt, this.#parts.policy));
      if (event !== undefined) members.push({ held, event });
    }
    this.#run(members).catch((error: unknown) => {
      for (const { held } of members) held.end({ kind: 'broken', error });
    });
  }

  async #run(opened: readonly Member[]): Promise<void> {
    const members = await this.#afterHooks(opened);
    const [first] = members;
    if (first === undefined) return;
    // The worker's stop has ended while a hook ran.
    if (first.held.interrupted) {
      for (const { held, event } of members) this.#settlement.failed(held, event, undefined);
      return;
    }
    const { name, logger } = this.#parts;
    const batch = new RunningBatch(
      members.map((member) => member.event),
      name,
      logger,
    );
    let thrown: { error: unknown } | undefined;
    try {
      await this.#call(members, batch);
    } catch (error) {
      thrown = { error };
    }
    const failures = batch.end();
    for (const { held, event } of members) {
      const failure = failures.get(event) ?? thrown;
      if (failure === undefined) this.#settlement.succeeded(held, event);
      else this.#settlement.failed(held, event, failure.error);
    }
  }

  /** Returns the events whose hooks succeeded; the others have failed, each by itself. */
  async #afterHooks(opened: readonly Member[]): Promise<readonly Member[]> {
    const members: Member[] = [];
    for (const member of opened) {
      try {
        await this.#before(member.event);
        members.push(member);
      } catch (error) {
        this.#settlement.failed(member.held, member.event, error);
      }
    }
    return members;
  }

  async #before(event: Received): Promise<void> {
    const { before, hookTimeout } = this.#parts;
    const running = before(event);
    if (running === undefined || hookTimeout === undefined) return running;
    await inTime(
      this.#parts.clock,
      running,
      hookTimeout,
      'A hook beforeEventExecution did not end within its handlerTimeout',
      (error) => event.abort(error),
    );
  }

  async #call(members: readonly Member[], batch: RunningBatch): Promise<void> {
    const { handler, handlerTimeout } = this.#parts;
    const now = this.#parts.clock.now();
    for (const { held } of members) held.startedAt = now;
    const result = handler(batch.events, batch.face);
    for (const { held } of members.slice(0, 1)) this.#settlement.noticeBlocking(held);
    if (!isThenable(result)) return;
    const promise = Promise.resolve(result);
    if (handlerTimeout === undefined) await promise;
    else
      await inTime(
        this.#parts.clock,
        promise,
        handlerTimeout,
        'The handler did not end within its handlerTimeout',
        (error) => batch.abort(error),
      );
  }
}

/** A batch while its handler runs. */
class RunningBatch {
  readonly events: readonly Received[];
  readonly face: Batch;
  readonly #failures = new Map<unknown, { error: unknown }>();
  #ended = false;

  constructor(events: readonly Received[], listener: string, logger: Logger) {
    this.events = Object.freeze(events);
    const mine = new Set<unknown>(events);
    const fail = (event: unknown, error: unknown): void => {
      if (!mine.has(event)) {
        throw new InvalidEventArguments(
          'batch.fail(event, error): this event is none of the batch; give one of the objects that the handler was given',
        );
      }
      if (this.#ended) {
        const message = 'batch.fail came after its batch had ended, and changes nothing; await it in the handler';
        return logger.error({ listener, eventId: (event as ReceivedEvent).id, err: error }, message);
      }
      this.#failures.set(event, { error });
    };
    this.face = Object.freeze({ fail });
  }

  /** Aborts the signals of all its events. */
  abort(error: Error): void {
    for (const event of this.events) event.abort(error);
  }

  /** Ends `batch.fail`. Returns the events that it was called for, each with its error. */
  end(): ReadonlyMap<unknown, { error: unknown }> {
    this.#ended = true;
    return this.#failures;
  }
}
