import { describeForReading } from '../../logger.js';
import { OnError } from '../options.js';
import type { Received } from '../received.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';
import { decode, identify, isExpected, UnexpectedSubject } from './decode.js';
import { ask } from './on-error.js';
import { outcomeOf } from './outcome.js';
import { faultOf } from './retry-after.js';
import type { SettlementOptions } from './settlement-options.js';
import { inTime } from './timeout.js';

const UNEXPECTED_DELAY_MS = 30_000;
const MANY_IN_A_ROW = 100;
const MAX_FIRST_TRIES = 10_000;

/** Settles deliveries by the table of outcomes: single events, and each event of a batch. */
export class Settlement {
  readonly #parts: SettlementOptions;
  /** When each event that is being retried first ran here, by stream and sequence. */
  readonly #firstTries = new Map<string, Date>();
  #undeliverableInARow = 0;

  constructor(parts: SettlementOptions) {
    this.#parts = parts;
  }

  /** Decodes a delivery. Settles it and returns undefined if no handler may see it. */
  open(held: PendingDelivery, killsItsProcess: boolean): Received | undefined {
    if (killsItsProcess && isExpected(held, this.#parts.lookup)) {
      this.#giveUpUnrun(held, new KilledItsProcess(held.attempt));
      return undefined;
    }
    try {
      // It may have been decoded for its key. A retry needs parameters that no handler has changed.
      if (held.event === undefined || held.retries > 0) held.event = decode(held, this.#parts.lookup);
      this.#undeliverableInARow = 0;
      return held.event;
    } catch (error) {
      if (error instanceof UnexpectedSubject) this.#returnUnexpected(held, error);
      else this.#undeliverable(held, error);
      return undefined;
    }
  }

  succeeded(held: PendingDelivery, event: Received): void {
    try {
      this.#succeeded(held, event);
    } catch (error) {
      held.end({ kind: 'broken', error });
    }
  }

  failed(held: PendingDelivery, event: Received, error: unknown): void {
    try {
      this.#failed(held, event, error);
    } catch (broken) {
      held.end({ kind: 'broken', error: broken });
    }
  }

  #succeeded(held: PendingDelivery, event: Received): void {
    // The handler may have returned early because of the abort.
    if (held.interrupted) return this.#interrupted(held, event, undefined);
    const took = this.#parts.clock.now() - held.startedAt;
    // Ack last: a crash before this line must redeliver.
    held.delivery.ack();
    if (this.#firstTries.size > 0) this.#firstTries.delete(placeOf(held));
    if (this.#parts.debugs?.())
      this.#log('debug', held, event, undefined, `Handled an event in ${Math.round(took)} ms`);
    const after = this.#parts.after(event);
    if (after === undefined) return held.end({ kind: 'succeeded', took });
    const { hookTimeout } = this.#parts;
    const ended =
      hookTimeout === undefined
        ? after
        : inTime(
            this.#parts.clock,
            after,
            hookTimeout,
            'A hook afterEventExecution did not end within its handlerTimeout',
          );
    ended
      .then(
        () => held.end({ kind: 'succeeded', took }),
        (error: unknown) => {
          const text = 'A hook afterEventExecution failed; stopping the worker, the event was handled';
          this.#log('error', held, event, error, text);
          held.end({ kind: 'succeeded', took, fatal: { error } });
        },
      )
      .catch((error: unknown) => held.end({ kind: 'broken', error }));
  }

  #failed(held: PendingDelivery, event: Received, thrown: unknown): void {
    if (held.interrupted) return this.#interrupted(held, event, thrown);
    const error = faultOf(thrown);
    const { onError } = this.#parts;
    if (typeof onError !== 'function') return this.#settle(held, event, error, onError);
    ask(this.#parts.clock, onError, error, event, this.#parts.hookTimeout)
      .then((verdict) => {
        if (verdict instanceof Error)
          this.#log('error', held, event, verdict, 'onError itself failed; counts as SHUTDOWN');
        this.#settle(held, event, error, verdict instanceof Error ? OnError.SHUTDOWN : verdict);
      })
      .catch((broken: unknown) => held.end({ kind: 'broken', error: broken }));
  }

  /** Whether the handler did its work or left it because of the abort, nobody can tell: the event comes again. */
  #interrupted(held: PendingDelivery, event: Received, error: unknown): void {
    held.delivery.nak(0);
    this.#log('info', held, event, error, 'A handler was interrupted by the stop of its worker; gave the event back');
    held.end({ kind: 'failed' });
  }

  #settle(held: PendingDelivery, event: Received, error: unknown, onError: OnError): void {
    const outcome = outcomeOf(error, onError, held.attempt, this.#parts.policy);
    switch (outcome.kind) {
      case 'acknowledge':
        held.delivery.ack();
        this.#log(
          'error',
          held,
          event,
          error,
          'A handler failed; acknowledged the event all the same (ACKNOWLEDGE_AND_LOG)',
        );
        return held.end({ kind: 'failed' });
      case 'retry':
        return this.#retry(held, event, error, outcome.delay);
      case 'dead-letter':
        return this.#giveUp(held, event, error);
      case 'shutdown':
        this.#log(
          'error',
          held,
          event,
          error,
          'A handler failed; stopping the worker (SHUTDOWN), the event stays unacknowledged',
        );
        return held.end({ kind: 'halt', error });
    }
  }

  #retry(held: PendingDelivery, event: Received, error: unknown, delay: number): void {
    this.#log('warn', held, event, error, `A handler failed; trying again in ${Math.round(delay)} ms (RETRY)`);
    const place = placeOf(held);
    if (!this.#firstTries.has(place)) {
      // An event that first ran here may end in another process, so its entry would stay forever.
      const [oldest] = this.#firstTries.size < MAX_FIRST_TRIES ? [] : this.#firstTries.keys();
      if (oldest !== undefined) this.#firstTries.delete(oldest);
      this.#firstTries.set(place, new Date(this.#parts.clock.date() - (this.#parts.clock.now() - held.startedAt)));
    }
    if (held.key !== undefined) return held.end({ kind: 'retry-here', delay });
    held.delivery.nak(delay);
    held.end({ kind: 'failed' });
  }

  #giveUp(
    held: PendingDelivery,
    event: Received | undefined,
    error: unknown,
    how: 'failed' | 'not-run' = 'failed',
  ): void {
    held.to('settling');
    const place = placeOf(held);
    const firstAt =
      this.#firstTries.get(place) ??
      new Date(this.#parts.clock.date() - Math.max(0, this.#parts.clock.now() - (held.startedAt || held.arrivedAt)));
    const kept = () => {
      held.delivery.ack();
      this.#firstTries.delete(place);
      this.#log('error', held, event, error, 'Gave an event up; it is kept as a dead letter');
      held.end({ kind: how });
    };
    const notKept = (failure: unknown) => {
      const delay = this.#parts.policy.backoff(held.attempt);
      held.delivery.nak(delay);
      this.#log(
        'error',
        held,
        event,
        failure,
        `An event could not be kept as a dead letter; it stays unacknowledged, to be given up again in ${Math.round(delay)} ms`,
      );
      held.end({ kind: how });
    };
    this.#parts
      .giveUp(held, { error: describeForReading(error), attempts: held.attempt, firstAt })
      .then(kept, notKept)
      .catch((broken: unknown) => held.end({ kind: 'broken', error: broken }));
  }

  #giveUpUnrun(held: PendingDelivery, error: unknown): void {
    this.#giveUp(held, undefined, error, 'not-run');
  }

  #undeliverable(held: PendingDelivery, error: unknown): void {
    this.#undeliverableInARow += 1;
    if (this.#undeliverableInARow === MANY_IN_A_ROW) {
      this.#parts.logger.error(
        { listener: this.#parts.name, inARow: MANY_IN_A_ROW },
        'A hundred events in a row do not fit the schema: the API class of this service is probably older than the producers of its events; update it, and replay the dead letters',
      );
    }
    this.#giveUpUnrun(held, error);
  }

  #returnUnexpected(held: PendingDelivery, error: UnexpectedSubject): void {
    held.delivery.nak(UNEXPECTED_DELAY_MS);
    this.#log(
      'error',
      held,
      undefined,
      error,
      'Gave back an event that this listener did not ask for; somebody changed the filter of its durable',
    );
    held.end({ kind: 'not-run' });
  }

  noticeBlocking(held: PendingDelivery): void {
    const milliseconds = this.#parts.clock.now() - held.startedAt;
    if (milliseconds < held.source.lease / 3) return;
    this.#parts.logger.warn(
      { listener: this.#parts.name, blockedMs: Math.round(milliseconds) },
      'A handler blocked the event loop for a third of its lease or longer, so leases were not renewed in time and events may run twice; ' +
        'move it into a thread (give listen the URL of a module), or raise acknowledgementTimeout',
    );
  }

  #log(
    level: 'debug' | 'info' | 'warn' | 'error',
    held: PendingDelivery,
    event: Received | undefined,
    error: unknown,
    message: string,
  ): void {
    const { subject, sequence } = held.delivery;
    this.#parts.logger[level](
      {
        listener: this.#parts.name,
        event: event ? `${event.apiName}.${event.eventName}` : subject.slice(0, 200),
        eventId: event?.id ?? identify(held).id.slice(0, 200),
        sequence,
        attempt: held.attempt,
        err: error,
      },
      message,
    );
  }
}

class KilledItsProcess extends Error {
  override readonly name = 'KilledItsProcess';

  constructor(attempts: number) {
    super(`was delivered ${attempts} times and its handler never ended: it kills its process`);
  }
}

function placeOf(held: PendingDelivery): string {
  return `${held.delivery.stream}:${held.delivery.sequence}`;
}
