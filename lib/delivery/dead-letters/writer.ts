import type { Broker, Patience, StreamSpec } from '../../broker/broker.js';
import { encodeDeadLetter } from '../../message/dead-letter.js';
import { originOf } from '../../message/replay.js';
import { deadLetterSubject } from '../../names.js';
import type { Verdict } from '../handling/settlement-options.js';
import type { Held } from '../scheduling/pending-delivery.js';

const STORE_TIMEOUT_MS = 10_000;
const SMALLEST_MAX_PAYLOAD = 1024;

/** Keeps what listeners give up, confirmed. */
export class DeadLetterBox {
  readonly #broker: Broker;
  readonly #stream: StreamSpec;
  readonly #identity: { prefix: string; serviceName: string; processName: string };
  #ensured = false;

  constructor(
    broker: Broker,
    stream: StreamSpec,
    identity: { prefix: string; serviceName: string; processName: string },
  ) {
    this.#broker = broker;
    this.#stream = stream;
    this.#identity = identity;
  }

  /** Makes the stream, so that what is wrong with it is known before the first event has to be kept. */
  async prepare(patience: Patience): Promise<void> {
    if (this.#ensured) return;
    await this.#broker.ensureStream(this.#stream, patience);
    this.#ensured = true;
  }

  /** Resolves when the event is kept; the delivery may be acknowledged only then. */
  async keep(held: Held, listenerName: string, verdict: Verdict): Promise<void> {
    const { prefix, serviceName, processName } = this.#identity;
    const { delivery, source } = held;
    const headers = delivery.headers();
    const origin = held.replayed ? originOf(headers, delivery) : delivery;
    const event = origin.subject.slice(origin.subject.indexOf('.') + 1);
    const letter = encodeDeadLetter(
      {
        // Of the delivery at hand: a replay that fails again is another dead letter, not a duplicate of the first.
        id: `${source.durable.name}:${delivery.stream}:${delivery.sequence}:${delivery.timestamp}`,
        subject: deadLetterSubject(prefix, serviceName, listenerName, event),
        body: delivery.body,
        headers,
        origin,
        ...verdict,
        lastAt: new Date(),
        process: processName,
      },
      Math.max(SMALLEST_MAX_PAYLOAD, this.#broker.maxPayload ?? Number.POSITIVE_INFINITY),
    );
    const patience = { deadline: performance.now() + STORE_TIMEOUT_MS };
    await this.prepare(patience);
    await this.#broker.publish(letter, this.#stream, patience);
  }
}
