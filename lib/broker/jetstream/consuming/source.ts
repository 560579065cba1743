import type { Msg } from 'nats';
import { DurableConflict, LightbusError, StreamConflict } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { DurableSpec, Sink, Source } from '../../broker.js';
import { RetryDelay } from '../../retry-delay.js';
import { pause } from '../../wait.js';
import type { Connection } from '../connection/connection.js';
import type { JetStreamApi } from '../connection/requests.js';
import { isMissingRight } from '../connection/rights.js';
import type { Provisioner } from '../provisioning/provision.js';
import { parseAckAddress } from '../wire/ack-address.js';
import { sizeOf } from '../wire/header-block.js';
import type { AckQueue } from './acks.js';
import type { ByteBudget, ByteShare } from './byte-budget.js';
import { JetStreamDelivery } from './delivery.js';
import { DurableManager } from './durable-manager.js';
import { maySetBack } from './last-delivery.js';
import { type Ended, Pulls } from './pulls.js';
import { RefusedPulls } from './refused-pulls.js';
import { StreamEpochs } from './stream-epochs.js';
import { WaitingReport } from './waiting-report.js';

const LOOK_FOR_STREAM_MS = 2000;
/** How often optional things are looked for: rarely, so that their absence does not flood the server's log. */
const OPTIONAL_MISSING_MS = 10_000;
const OPTIONAL_RETRY_MS = 60_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;
const CHECK_EVERY_MS = 5000;
const INFO_EVERY_MS = 30_000;

export interface SourceOptions {
  readonly connection: Connection;
  readonly api: JetStreamApi;
  readonly provisioner: Provisioner;
  readonly acks: AckQueue;
  /** All open sources: each adds itself, and removes itself when it is closed. */
  readonly sources: Set<DurableSource>;
  readonly bytes: ByteBudget;
  readonly logger: Logger;
}

/**
 * The deliveries of one durable. Finds or makes the durable, makes it again if it is deleted, and recovers from every
 * failure of connection or server. The first start and every recovery take the same path.
 */
export class DurableSource implements Source {
  readonly durable: DurableSpec;
  readonly #parts: SourceOptions;
  readonly #sink: Sink;
  readonly #pulls: Pulls;
  readonly #bytes: ByteShare;
  readonly #manager: DurableManager;
  readonly #report: WaitingReport;
  readonly #refused: RefusedPulls;
  readonly #epochs = new StreamEpochs((sequence) => this.#manager.gaveBack(sequence));
  readonly #closing = new AbortController();
  readonly #unlisten: () => void;
  readonly #checker: NodeJS.Timeout;
  readonly #started: Promise<void>;
  #settleStart: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #establishing = false;
  #ready = false;
  readonly #retryDelay = new RetryDelay(FIRST_RETRY_MS, LAST_RETRY_MS);
  #infoAt = 0;

  constructor(durable: DurableSpec, sink: Sink, parts: SourceOptions) {
    this.durable = durable;
    this.#sink = sink;
    this.#parts = parts;
    this.#bytes = parts.bytes.open();
    this.#report = new WaitingReport(durable, parts.logger);
    this.#refused = new RefusedPulls(durable, parts.logger);
    this.#manager = new DurableManager(durable, parts.provisioner, parts.logger);
    const events = {
      message: (message: Msg) => this.#received(message),
      ended: (how: Ended, reason: string) => this.#ended(how, reason),
    };
    this.#pulls = new Pulls(
      parts.connection,
      events,
      () => this.lease,
      () => this.#manager.limits,
    );
    this.#started = new Promise((resolve, reject) => {
      this.#settleStart = { resolve, reject };
    });
    this.#unlisten = parts.connection.listen({
      connected: (_nats, replaced) => this.#connected(replaced),
      disconnected: () => this.#disconnected(),
      // The server does not answer a pull that we have no right to send.
      forbidden: (_operation, subject) => {
        if (subject === this.#pullSubject && this.#ready) this.#ended('trouble', 'the right to pull is missing');
      },
    });
    this.#checker = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#checker.unref();
    parts.sources.add(this);
  }

  /** Resolves when the durable exists, or its stream turns out not to. @throws StreamConflict, DurableConflict, InvalidConfiguration */
  get started(): Promise<void> {
    return this.#started;
  }

  get lease(): number {
    return this.#manager.lease;
  }

  get ready(): boolean {
    return this.#ready;
  }

  get asked(): number {
    return this.#pulls.asked;
  }

  get most(): number {
    return this.#bytes.most();
  }

  pull(count: number): void {
    const { nats } = this.#parts.connection;
    if (!this.#ready || nats === undefined) return;
    this.#pulls.pull(nats, this.#pullSubject, count);
  }

  get #pullSubject(): string {
    return `${this.#parts.api.prefix}.CONSUMER.MSG.NEXT.${this.#manager.streamName}.${this.durable.name}`;
  }

  async drain(): Promise<void> {
    const pulling = this.#pulls.begun;
    await this.#pulls.drain();
    // Servers before 2.10.14 on which an ended pull is still open mistreat the next returned events: these wait for their
    // lease, and the last delivered event comes twice. A request for the durable's state makes them drop dead pulls.
    const { connected, answerTime } = this.#parts.connection;
    if (pulling && connected) await this.#refresh(answerTime);
  }

  close(): void {
    this.#closing.abort();
    this.#unlisten();
    clearInterval(this.#checker);
    this.#parts.sources.delete(this);
    this.#bytes.close();
    this.#ready = false;
    this.#settleStart?.resolve();
  }

  #connected(replaced: boolean): void {
    if (replaced) this.#pulls.detach();
    void this.#establish();
  }

  #disconnected(): void {
    this.#ready = false;
    this.#pulls.forget();
    this.#sink.changed(this);
  }

  #received(message: Msg): void {
    const address = parseAckAddress(message.reply);
    if (address === undefined || address.durable !== this.durable.name || address.stream !== this.#manager.streamName) {
      // An acknowledgement would send a message to a subject of the sender's choice.
      this.#parts.logger.error(
        { durable: this.durable.name, subject: message.subject.slice(0, 200), reply: message.reply?.slice(0, 200) },
        'Refused a message that is not a delivery of this durable, as its reply subject says; somebody publishes to the inbox of this service',
      );
      return;
    }
    this.#pulls.delivered();
    this.#bytes.came(sizeOf(message));
    this.#manager.observe(address);
    this.#retryDelay.reset();
    const delivery = new JetStreamDelivery(message, address, this.#parts.acks, this.#epochs.current);
    if (this.#epochs.current.last.repeats(address) && maySetBack(this.#parts.connection.nats?.info?.version)) {
      this.#parts.logger.debug(
        { durable: this.durable.name, sequence: address.sequence },
        'Acknowledged an event again',
      );
      delivery.ack();
      return this.#sink.changed(this);
    }
    if (lacksBody(delivery)) return void this.#deliverUnlessChanged(delivery);
    this.#sink.deliver(delivery, this);
  }

  /** Not settled: an event without its body comes again after its lease, perhaps with the body by then. */
  async #deliverUnlessChanged(delivery: JetStreamDelivery): Promise<void> {
    await this.#refresh();
    if (this.#ready) this.#sink.deliver(delivery, this);
  }

  #ended(how: Ended, reason: string): void {
    if (how === 'expired') {
      this.#retryDelay.reset();
      this.#refused.clear();
      return this.#sink.changed(this);
    }
    if (how === 'refused') this.#refused.refused(reason, this.#manager.limits);
    this.#parts.logger.debug({ durable: this.durable.name, reason }, 'A pull ended');
    this.#ready = false;
    if (how === 'gone') this.#epochs.doubt();
    void this.#establish(this.#retryDelay.next());
  }

  /** Tries until there is a durable to pull from. */
  async #establish(wait = 0): Promise<void> {
    if (this.#establishing) return;
    this.#establishing = true;
    const { signal } = this.#closing;
    try {
      for (let next = wait; !signal.aborted; ) {
        await pause(next, signal);
        if (signal.aborted || !this.#parts.connection.connected) return;
        next = await this.#attempt();
        if (next === 0) break;
      }
    } finally {
      this.#establishing = false;
    }
    if (signal.aborted || !this.#parts.connection.connected) return;
    this.#epochs.renew(this.#manager.streamCreated);
    this.#ready = true;
    this.#pulls.forget();
    this.#settleStart?.resolve();
    this.#settleStart = undefined;
    this.#sink.changed(this);
  }

  /** One attempt; resolves to the milliseconds until the next one, 0 if none is needed. */
  async #attempt(): Promise<number> {
    try {
      const found = await this.#manager.find({ signal: this.#closing.signal });
      // Servers before 2.10 let two processes make one durable at once: the second one changes the settings of the first.
      this.#infoAt = found === 'made' ? Number.NEGATIVE_INFINITY : performance.now();
      if (found === 'durable' || found === 'made') {
        this.#report.clear();
        this.#refused.looked(this.#manager.limits);
        return 0;
      }
      this.#report.missing(found);
      this.#settleStart?.resolve();
      this.#settleStart = undefined;
      return this.durable.optional ? OPTIONAL_MISSING_MS : LOOK_FOR_STREAM_MS;
    } catch (error) {
      if (this.#closing.signal.aborted) return 0;
      if (isConflict(error)) this.#refused.clear();
      // Optional sources wait for their rights; a listener without a right at its start is a mistake.
      const waits = this.durable.optional && isMissingRight(error);
      if (error instanceof LightbusError && this.#settleStart !== undefined && !waits) {
        this.#settleStart.reject(error);
        this.#settleStart = undefined;
      } else {
        this.#report.failed(error);
      }
      return this.durable.optional ? OPTIONAL_RETRY_MS : this.#retryDelay.next();
    }
  }

  /** Checks the durable's progress and settings now. Never throws. */
  async look(): Promise<void> {
    if (this.#ready) await this.#refresh();
  }

  /** Every few seconds: checks whether the server is silent, and the progress of the durable. */
  #check(): void {
    if (!this.#ready) return;
    if (this.#pulls.silent) {
      this.#parts.logger.warn({ durable: this.durable.name }, 'Two heartbeats of a pull are missing; asking again');
      this.#ready = false;
      this.#pulls.forget();
      void this.#establish(this.#retryDelay.next());
    } else if (performance.now() - this.#infoAt > INFO_EVERY_MS) {
      void this.#refresh();
    }
  }

  async #refresh(timeout = CHECK_EVERY_MS): Promise<void> {
    this.#infoAt = performance.now();
    const { lease } = this;
    try {
      const there = await this.#manager.refresh({ deadline: performance.now() + timeout });
      if (!there && this.#ready) this.#ended('gone', 'the durable is not there, or another one');
      if (this.lease !== lease) this.#sink.changed(this);
    } catch (error) {
      // The next look reports it, until somebody corrects it.
      if (isConflict(error) && this.#ready) return this.#ended('trouble', error.message);
      this.#parts.logger.debug({ durable: this.durable.name, err: error }, 'No news of the durable');
    }
  }
}

/** Whether a message came without its body, as from a durable that became headers_only while pulls were open. */
function lacksBody(delivery: JetStreamDelivery): boolean {
  return delivery.body.length === 0 && delivery.headers()['nats-msg-size'] !== undefined;
}

function isConflict(error: unknown): error is LightbusError {
  return error instanceof StreamConflict || error instanceof DurableConflict;
}
