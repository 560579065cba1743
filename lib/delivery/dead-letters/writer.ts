import type { Broker, StreamSpec, WaitOptions } from '../../broker/broker.js';
import type { Clock } from '../../clock.js';
import { encodeDeadLetter } from '../../message/dead-letter.js';
import { originOf } from '../../message/replay.js';
import { deadLetterSubject } from '../../names.js';
import type { FailureReport } from '../handling/settlement-options.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';

const STORE_TIMEOUT_MS = 10_000;
const MIN_PAYLOAD_LIMIT = 1024;

/** Stores events that listeners gave up as dead letters. */
export class DeadLetterWriter {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #stream: StreamSpec;
  readonly #identity: { prefix: string; serviceName: string; processName: string };
  #ensured = false;

  constructor(
    clock: Clock,
    broker: Broker,
    stream: StreamSpec,
    identity: { prefix: string; serviceName: string; processName: string },
  ) {
    this.#clock = clock;
    this.#broker = broker;
    this.#stream = stream;
    this.#identity = identity;
  }

  /** Makes the stream, so that a problem is known before the first event must be stored. */
  async prepare(waitOptions: WaitOptions): Promise<void> {
    if (this.#ensured) return;
    await this.#broker.ensureStream(this.#stream, waitOptions);
    this.#ensured = true;
  }

  /** Resolves when the event is stored; only then may the delivery be acknowledged. */
  async keep(held: PendingDelivery, listenerName: string, verdict: FailureReport): Promise<void> {
    const { prefix, serviceName, processName } = this.#identity;
    const { delivery, source } = held;
    const headers = delivery.headers();
    const origin = held.replayed ? originOf(headers, delivery) : delivery;
    const event = origin.subject.slice(origin.subject.indexOf('.') + 1);
    const letter = encodeDeadLetter(
      {
        // By this delivery: a replay that fails again is another dead letter, not a duplicate of the first.
        id: `${source.durable.name}:${delivery.stream}:${delivery.sequence}:${delivery.timestamp}`,
        subject: deadLetterSubject(prefix, serviceName, listenerName, event),
        body: delivery.body,
        headers,
        origin,
        ...verdict,
        lastAt: new Date(this.#clock.date()),
        process: processName,
      },
      Math.max(MIN_PAYLOAD_LIMIT, this.#broker.maxPayload ?? Number.POSITIVE_INFINITY),
    );
    const waitOptions = { deadline: this.#clock.now() + STORE_TIMEOUT_MS };
    await this.prepare(waitOptions);
    await this.#broker.publish(letter, this.#stream, waitOptions);
  }
}
