import type { ResolvedNatsOptions } from '../../config/config.js';
import type { Logger } from '../../logger.js';
import type { WireEvent } from '../../message/codec.js';
import type { Broker, DurableSpec, Sink, Source, Stored, StreamSpec, WaitOptions } from '../broker.js';
import { pause } from '../wait.js';
import { Connection } from './connection/connection.js';
import { JetStreamApi } from './connection/requests.js';
import { AckQueue } from './consuming/acks.js';
import { ByteBudget } from './consuming/byte-budget.js';
import { DurableSource } from './consuming/source.js';
import { Provisioner } from './provisioning/provision.js';
import type { PublishTarget } from './publishing/in-flight.js';
import { Publisher } from './publishing/publisher.js';
import { JetStreamStore } from './store.js';

const HEALING_TIMEOUT_MS = 5000;
const FLUSH_POLL_MS = 10;
const NANOS_PER_MS = 1e6;

/** NATS JetStream behind one connection. */
export class JetStreamBroker implements Broker {
  readonly #logger: Logger;
  readonly #connection: Connection;
  readonly #api: JetStreamApi;
  readonly #provisioner: Provisioner;
  readonly #publisher: Publisher;
  readonly #acks: AckQueue;
  readonly #sources = new Set<DurableSource>();
  readonly #bytes = new ByteBudget();
  readonly store: JetStreamStore;
  /** The streams that are published to, by their real name, and what to make again should they vanish. */
  readonly #streams = new Map<string, StreamSpec>();
  readonly #targets = new Map<StreamSpec, PublishTarget>();
  readonly #restoring = new Map<string, Promise<unknown>>();

  constructor(options: { nats: ResolvedNatsOptions; name: string; logger: Logger }) {
    this.#logger = options.logger;
    this.#connection = new Connection(options);
    this.#api = new JetStreamApi(this.#connection, options.nats);
    this.#provisioner = new Provisioner(this.#api, options.logger);
    this.#publisher = new Publisher(this.#connection, (stream) => this.#restore(stream));
    this.#acks = new AckQueue(this.#connection);
    this.store = new JetStreamStore(this.#connection, this.#api, this.#provisioner);
  }

  async connect(waitOptions: WaitOptions): Promise<void> {
    await this.#connection.ready(waitOptions);
  }

  get maxPayload(): number | undefined {
    return this.#connection.nats?.info?.max_payload;
  }

  async ensureStream(spec: StreamSpec, waitOptions: WaitOptions): Promise<void> {
    const { config, domain } = await this.#provisioner.ensureStream(spec, waitOptions);
    this.#streams.set(config.name, spec);
    this.#targets.set(spec, {
      stream: config.name,
      domain,
      settings: spec.settings,
      duplicateWindow: Number(config.duplicate_window) / NANOS_PER_MS,
    });
  }

  publish(event: WireEvent, stream: StreamSpec, waitOptions: WaitOptions): Promise<Stored> {
    // A stream that is not ours to make may not have been asked for its settings.
    const target = this.#targets.get(stream) ?? {
      stream: stream.name,
      domain: undefined,
      settings: stream.settings,
      duplicateWindow: stream.config.duplicateWindow,
    };
    return this.#publisher.publish(event, target, waitOptions);
  }

  async open(durable: DurableSpec, sink: Sink, waitOptions: WaitOptions): Promise<Source> {
    const source = new DurableSource(durable, sink, {
      connection: this.#connection,
      api: this.#api,
      provisioner: this.#provisioner,
      acks: this.#acks,
      sources: this.#sources,
      bytes: this.#bytes,
      logger: this.#logger,
    });
    const abort = () => source.close();
    waitOptions.signal?.addEventListener('abort', abort, { once: true });
    try {
      await source.started;
      waitOptions.signal?.throwIfAborted();
      return source;
    } catch (error) {
      source.close();
      throw error;
    } finally {
      waitOptions.signal?.removeEventListener('abort', abort);
    }
  }

  async lookAgain(): Promise<void> {
    this.#provisioner.forgetLooks();
    await Promise.all([...this.#sources].map((source) => source.look()));
  }

  async flush(): Promise<void> {
    this.#acks.flush();
    const { nats, connected } = this.#connection;
    if (nats !== undefined && connected) await this.#connection.answered(nats.flush());
  }

  async close(): Promise<void> {
    const deadline = performance.now() + this.#connection.answerTime;
    while (this.#publisher.busy && this.#connection.connected && performance.now() < deadline)
      await pause(FLUSH_POLL_MS);
    this.#publisher.close();
    this.#acks.flush();
    await this.#connection.close();
  }

  /** A stream that vanished under us is made again by its owner; once, however many events miss it. */
  async #restore(name: string): Promise<void> {
    const spec = this.#streams.get(name);
    if (spec === undefined || !spec.owned || !spec.manage) return;
    const restoring =
      this.#restoring.get(name) ??
      this.#provisioner
        .ensureStream(spec, { deadline: performance.now() + HEALING_TIMEOUT_MS })
        .finally(() => this.#restoring.delete(name));
    this.#restoring.set(name, restoring);
    await restoring;
  }
}
