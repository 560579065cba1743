import type { Broker, Delivery, DurableSpec, Sink, Source, StreamSpec } from '../../broker/broker.js';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import { namesOrigin, originOf } from '../../message/replay.js';
import { encodeReplay } from '../../message/stored-dead-letter.js';
import { replayStream } from '../../names.js';
import type { Lookup } from '../handling/decode.js';
import { PendingDelivery } from '../scheduling/pending-delivery.js';

/** How many replays are taken at a time: few, because those of a slow listener keep others waiting. */
const WINDOW = 32;
const NO_LISTENER_DELAY_MS = 30_000;
/** Each return counts as an attempt, and the listener should have all of its attempts. */
const MAX_RETURNED = 5;
const STORE_TIMEOUT_MS = 10_000;
const PRUNE_EVERY_MS = 5000;
const MAX_ACK_PENDING = 5000;
const MAX_REPORTED = 1000;

/** A listener that may have replays. */
export interface ReplayTarget {
  readonly listenerName: string;
  readonly lookup: Lookup;
  accept(held: PendingDelivery): void;
  /** The earliest time at which a delivery that is read now can have been sent. */
  sentAt(now: number): number;
}

export interface ReplayConsumerOptions {
  readonly clock: Clock;
  readonly broker: Broker;
  readonly logger: Logger;
  readonly stream: StreamSpec;
  readonly prefix: string;
  readonly serviceName: string;
  /** Milliseconds. */
  readonly lease: number;
  readonly targets: readonly ReplayTarget[];
}

/** Receives the replays for this service, and passes each to the listener that gave the event up. */
export class ReplayConsumer implements Sink {
  readonly #parts: ReplayConsumerOptions;
  readonly #closing = new AbortController();
  readonly #inHand = new Set<PendingDelivery>();
  readonly #told = new Set<string>();
  #source: Source | undefined;
  #pruner: NodeJS.Timeout | undefined;

  constructor(parts: ReplayConsumerOptions) {
    this.#parts = parts;
  }

  /** Does not wait: a service without the rights for replays works without them, and says so once. */
  start(): void {
    const { broker, logger } = this.#parts;
    broker.open(this.#durable(), this, { signal: this.#closing.signal }).then(
      (source) => {
        this.#source = source;
        this.#ask();
      },
      (error: unknown) => {
        if (this.#closing.signal.aborted) return;
        logger.error({ err: error }, 'Dead letters cannot be replayed to this worker; all else works');
      },
    );
    this.#pruner = this.#parts.clock.setInterval(() => this.#ask(), PRUNE_EVERY_MS);
    this.#pruner.unref();
  }

  deliver(delivery: Delivery, source: Source): void {
    const target = this.#targetOf(delivery);
    if (target === undefined) return this.#noListener(delivery);
    const settled = () => {
      this.#inHand.delete(held);
      this.#ask();
    };
    const held = new PendingDelivery(noticed(delivery, settled), source, target.sentAt(this.#parts.clock.now()), true);
    this.#inHand.add(held);
    target.accept(held);
    this.#ask();
  }

  changed(source: Source): void {
    this.#source = source;
    this.#ask();
  }

  /** Stops pulling; resolves when no listener will get another replay. Listeners settle those that they have. */
  async stop(): Promise<void> {
    this.#parts.clock.clearInterval(this.#pruner);
    this.#closing.abort();
    await this.#source?.drain();
  }

  /** Must be called after the listeners have stopped. */
  close(): void {
    this.#source?.close();
  }

  #durable(): DurableSpec {
    const { stream, serviceName, prefix, lease } = this.#parts;
    return {
      stream,
      name: serviceName,
      filterSubject: `${replayStream(prefix)}.${serviceName}.>`,
      lease,
      maxAckPending: MAX_ACK_PENDING,
      startAt: 'beginning',
      optional: true,
    };
  }

  #ask(): void {
    const source = this.#source;
    if (source === undefined || !source.ready || this.#closing.signal.aborted) return;
    const now = this.#parts.clock.now();
    // A listener drops a delivery that lost its lease without settling it.
    for (const held of this.#inHand) if (held.leaseLost(now)) this.#inHand.delete(held);
    const room = WINDOW - this.#inHand.size - source.asked;
    if (room >= WINDOW / 2 || (room > 0 && source.asked === 0)) source.pull(room);
  }

  /** By name and event: two listeners of one name may listen to two APIs. */
  #targetOf(delivery: Delivery): ReplayTarget | undefined {
    const [, , listenerName] = delivery.subject.split('.');
    const { subject } = originOf(delivery.headers(), delivery);
    return this.#parts.targets.find(
      (target) => target.listenerName === listenerName && target.lookup(subject) !== undefined,
    );
  }

  #noListener(delivery: Delivery): void {
    // A message that is not a replay would look like one if it were stored again.
    if (delivery.deliveries < MAX_RETURNED || !namesOrigin(delivery.headers())) delivery.nak(NO_LISTENER_DELAY_MS);
    else void this.#storeAnew(delivery);
    const [, , listener = '', ...event] = delivery.subject.split('.');
    const key = `${listener} ${event.join('.')}`;
    if (this.#told.has(key)) return;
    if (this.#told.size < MAX_REPORTED) this.#told.add(key);
    this.#parts.logger.warn(
      { listener: listener.slice(0, 200), event: event.join('.').slice(0, 200), sequence: delivery.sequence },
      'A dead letter is replayed to a listener that this worker does not run; gave it back, for another worker of this service',
    );
    this.#ask();
  }

  /** Stores the same replay with no attempts yet; its id is the same each time, in case the ack is lost. */
  async #storeAnew(delivery: Delivery): Promise<void> {
    const { broker, stream, logger } = this.#parts;
    const { subject, body } = delivery;
    const headers = delivery.headers();
    const origin = originOf(headers, delivery);
    const anew = encodeReplay({ subject, letter: delivery, origin, event: { headers, body } });
    try {
      await broker.publish(anew, stream, { deadline: this.#parts.clock.now() + STORE_TIMEOUT_MS });
      delivery.ack();
    } catch (error) {
      delivery.nak(NO_LISTENER_DELAY_MS);
      logger.warn({ sequence: delivery.sequence, err: error }, 'A replay without a listener could not be stored anew');
    }
  }
}

/** The same delivery, which reports when it was settled. */
function noticed(delivery: Delivery, settled: () => void): Delivery {
  return {
    subject: delivery.subject,
    body: delivery.body,
    stream: delivery.stream,
    sequence: delivery.sequence,
    timestamp: delivery.timestamp,
    deliveries: delivery.deliveries,
    headers: () => delivery.headers(),
    working: () => delivery.working(),
    ack() {
      delivery.ack();
      settled();
    },
    nak(delay) {
      delivery.nak(delay);
      settled();
    },
  };
}
