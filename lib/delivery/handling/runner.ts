import type { ReceivedEvent } from '../../message/message.js';
import type { Received } from '../received.js';
import type { Runner } from '../scheduling/loop-options.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';
import { killsItsProcess } from '../scheduling/suspicion.js';
import { decode } from './decode.js';
import { Settlement } from './settlement.js';
import type { SettlementOptions } from './settlement-options.js';
import { inTime, isThenable } from './timeout.js';

/** What one listener's deliveries need to run. */
export interface RunnerOptions extends SettlementOptions {
  readonly handler: (parameters: Record<string, unknown>, event: Received) => unknown;
  readonly orderBy: ((parameters: Record<string, unknown>, event: ReceivedEvent) => string | number) | undefined;
  /** Milliseconds; undefined for no limit. */
  readonly handlerTimeout: number | undefined;
  /** Runs the hooks; undefined if there are none, which is faster. */
  readonly before: (event: ReceivedEvent) => Promise<void> | undefined;
}

/** Decodes a delivery, calls the handler, and settles it by the table of outcomes. */
export class EventRunner implements Runner {
  readonly #parts: RunnerOptions;
  readonly #settlement: Settlement;

  constructor(parts: RunnerOptions) {
    this.#parts = parts;
    this.#settlement = new Settlement(parts);
  }

  start(held: PendingDelivery): void {
    const event = this.#settlement.open(held, killsItsProcess(held.attempt, this.#parts.policy));
    if (event === undefined) return;
    const before = this.#parts.before(event);
    if (before === undefined) return this.#call(held, event);
    const { hookTimeout } = this.#parts;
    const ended =
      hookTimeout === undefined
        ? before
        : inTime(
            this.#parts.clock,
            before,
            hookTimeout,
            'A hook beforeEventExecution did not end within its handlerTimeout',
            (error) => event.abort(error),
          );
    ended
      .then(
        () => this.#call(held, event),
        (error: unknown) => this.#settlement.failed(held, event, error),
      )
      .catch((error: unknown) => held.end({ kind: 'broken', error }));
  }

  keyOf(held: PendingDelivery): string | undefined {
    const { orderBy, lookup } = this.#parts;
    if (orderBy === undefined) return undefined;
    try {
      held.event = decode(held, lookup);
      const key = orderBy(held.event.parameters, held.event);
      return `${typeof key}:${key}`;
    } catch {
      return undefined; // Without a key it waits for no other. An `orderBy` that throws will throw again in `start`.
    }
  }

  #call(held: PendingDelivery, event: Received): void {
    // The worker's stop has ended while a hook ran.
    if (held.interrupted) return this.#settlement.failed(held, event, undefined);
    const { handler, handlerTimeout, orderBy } = this.#parts;
    held.startedAt = this.#parts.clock.now();
    let result: unknown;
    try {
      // `orderBy` threw when the key was read; here this counts as a failure of the handler.
      if (held.key === undefined && orderBy !== undefined) orderBy(event.parameters, event);
      result = handler(event.parameters, event);
    } catch (error) {
      return this.#settlement.failed(held, event, error);
    }
    this.#settlement.noticeBlocking(held);
    let thenable: boolean;
    try {
      thenable = isThenable(result);
    } catch (error) {
      return this.#settlement.failed(held, event, error);
    }
    if (!thenable) return this.#settlement.succeeded(held, event);
    // A native promise: another kind might call back twice, or throw.
    const promise = Promise.resolve(result);
    const ended =
      handlerTimeout === undefined
        ? promise
        : inTime(
            this.#parts.clock,
            promise,
            handlerTimeout,
            'The handler did not end within its handlerTimeout',
            (error) => event.abort(error),
          );
    ended.then(
      () => this.#settlement.succeeded(held, event),
      (error: unknown) => this.#settlement.failed(held, event, error),
    );
  }
}
