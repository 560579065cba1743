import type { Logger } from '../../../logger.js';
import type { DurableSpec, StartAt, WaitOptions } from '../../broker.js';
import type { DurableInfo } from '../provisioning/durable-config.js';
import type { Provisioner } from '../provisioning/provision.js';
import type { StreamInfo } from '../provisioning/stream-config.js';
import type { AckAddress } from '../wire/ack-address.js';
import { floorOf, LossWatch, positionOf } from './losses.js';
import { NO_PULL_LIMITS, type PullLimits } from './pulls.js';

const CONFIRM_TIMEOUT_MS = 5000;

/** The result of looking for the durable; `made`: it did not exist before. */
export type Found = 'durable' | 'made' | 'no-stream' | 'no-durable';

/** Manages one durable: finds it, makes it, makes it again at its position, and knows its progress. */
export class DurableManager {
  readonly #spec: DurableSpec;
  readonly #provisioner: Provisioner;
  readonly #logger: Logger;
  readonly #losses: LossWatch;
  #stream: StreamInfo | undefined;
  #streamWasMissing = false;
  /** When the durable was made. */
  #created = '';
  #floor = 0;
  #lease: number;
  #limits: PullLimits = NO_PULL_LIMITS;
  #confirming = false;

  constructor(spec: DurableSpec, provisioner: Provisioner, logger: Logger) {
    this.#spec = spec;
    this.#provisioner = provisioner;
    this.#logger = logger;
    this.#lease = spec.lease;
    this.#losses = new LossWatch(spec.name, logger);
  }

  /** The name of the stream that the durable was last found on. */
  get streamName(): string | undefined {
    return this.#stream?.config.name;
  }

  /** When that stream was made: another one of the same name is another stream. */
  get streamCreated(): string | undefined {
    return this.#stream?.created;
  }

  /** The lease that the durable has on the server, in milliseconds. */
  get lease(): number {
    return this.#lease;
  }

  /** The limits of the durable on pulls. */
  get limits(): PullLimits {
    return this.#limits;
  }

  /** Looks for stream and durable, and makes those that this service may make. @throws StreamConflict, DurableConflict */
  async find(waitOptions: WaitOptions): Promise<Found> {
    const stream = await this.#findStream(waitOptions);
    if (stream === undefined) {
      this.#streamWasMissing = true;
      return 'no-stream';
    }
    const startAt = this.#startAt(stream);
    const durable = await this.#provisioner.ensureDurable({ ...this.#spec, startAt }, stream, waitOptions);
    if (durable === undefined) return 'no-durable';
    await this.#learn(stream, durable, waitOptions);
    return durable.created ? 'made' : 'durable';
  }

  /** Notes the progress of the durable at a delivery. */
  observe(address: AckAddress): void {
    this.#losses.came(address.sequence);
    if (this.#losses.observe(address)) void this.#confirmLosses();
  }

  /** Notes that an event was returned to the server. */
  gaveBack(sequence: number): void {
    this.#losses.gaveBack(sequence);
  }

  /**
   * Asks the server for the durable's progress, and checks the settings of both. Resolves to false if the durable is gone or
   * was replaced.
   *
   * @throws StreamConflict, DurableConflict
   */
  async refresh(waitOptions: WaitOptions): Promise<boolean> {
    if (this.#stream === undefined || this.streamName === undefined) return false;
    const info = await this.#provisioner.durableInfo(this.streamName, this.#spec.name, waitOptions);
    if (info === undefined || info.created !== this.#created) return false;
    this.#floor = floorOf(info, this.#floor);
    const before = this.#lease;
    this.#lease = this.#leaseOf(info);
    this.#limits = limitsOf(info);
    if (this.#lease !== before) this.#tellLease(before);
    await this.#provisioner.lookAgain(this.#spec, info, this.#stream, waitOptions);
    this.#warnIfFull(info);
    if (this.#losses.observe(positionOf(info)) || this.#losses.awaits) await this.#confirmLosses();
    return true;
  }

  #findStream(waitOptions: WaitOptions): Promise<StreamInfo | undefined> {
    const { stream } = this.#spec;
    return stream.owned && stream.manage
      ? this.#provisioner.ensureStream(stream, waitOptions)
      : this.#provisioner.findStream(stream, waitOptions);
  }

  /** A durable that is made again misses nothing: it starts after the last event that was surely handled, or at the beginning of a new stream. */
  #startAt(stream: StreamInfo): StartAt {
    if (this.#stream === undefined) return this.#streamWasMissing ? 'beginning' : this.#spec.startAt;
    return stream.created === this.#stream.created ? { sequence: this.#floor + 1 } : 'beginning';
  }

  async #learn(
    stream: StreamInfo,
    durable: { info: DurableInfo; created: boolean },
    waitOptions: WaitOptions,
  ): Promise<void> {
    const { info, created } = durable;
    const before = this.#stream;
    const sameStream = before?.created === stream.created;
    if (created && before !== undefined) this.#tellMadeAgain(stream, sameStream);
    this.#stream = stream;
    this.#created = info.created;
    this.#lease = this.#leaseOf(info);
    this.#limits = limitsOf(info);
    this.#floor = floorOf(info, sameStream ? this.#floor : 0);
    if (created || !sameStream) {
      this.#losses.begin(stream, info, this.#floor, await this.#isAlone(stream, waitOptions));
    } else if (this.#losses.observe(positionOf(info))) {
      this.#losses.confirm(stream, await this.#isAlone(stream, waitOptions));
    }
  }

  #leaseOf(info: DurableInfo): number {
    return (info.config.ack_wait ?? this.#spec.lease * 1_000_000) / 1_000_000;
  }

  #tellLease(before: number): void {
    this.#logger.info(
      { durable: this.#spec.name, before, now: this.#lease },
      `The lease of the durable was changed on the server, from ${before} ms to ${this.#lease} ms; going on with that`,
    );
  }

  /** Whether the stream holds no other events than this durable's. */
  async #isAlone(stream: StreamInfo, waitOptions: WaitOptions): Promise<boolean> {
    const { filterSubject } = this.#spec;
    if (stream.config.subjects?.every((subject) => subject === filterSubject)) return true;
    return await this.#provisioner.holdsOnly(stream.config.name, filterSubject, waitOptions);
  }

  #tellMadeAgain(stream: StreamInfo, sameStream: boolean): void {
    const where = sameStream ? `from sequence ${this.#floor + 1}` : 'from the beginning of its new stream';
    this.#logger.warn(
      { durable: this.#spec.name, stream: stream.config.name },
      `The durable had been deleted; made it again, ${where}. Events may be handled twice`,
    );
  }

  /** Deliveries that wait for their next attempt count too. At the limit the server stops delivering, and does not say so. */
  #warnIfFull(info: DurableInfo): void {
    const limit = info.config.max_ack_pending ?? 0;
    if (limit <= 1 || info.num_ack_pending < limit) return;
    this.#logger.warn(
      { durable: this.#spec.name, pending: info.num_ack_pending },
      `${info.num_ack_pending} deliveries are held or wait for another attempt, as many as the durable allows (max_ack_pending); ` +
        'this listener gets no more until some of them are settled: see why its handler fails, or start more processes',
    );
  }

  async #confirmLosses(): Promise<void> {
    const name = this.streamName;
    if (this.#confirming || name === undefined) return;
    this.#confirming = true;
    try {
      const waitOptions = { deadline: performance.now() + CONFIRM_TIMEOUT_MS };
      const stream = await this.#provisioner.streamInfo(name, waitOptions);
      if (stream === undefined) return;
      this.#losses.confirm(stream, await this.#isAlone(stream, waitOptions));
      this.#losses.confirmGivenBack(stream, this.#floor);
    } catch (error) {
      this.#logger.debug({ durable: this.#spec.name, err: error }, 'Could not look whether events were removed');
    } finally {
      this.#confirming = false;
    }
  }
}

function limitsOf({ config }: DurableInfo): PullLimits {
  return {
    maxBatch: config.max_batch || NO_PULL_LIMITS.maxBatch,
    maxExpires: config.max_expires ? config.max_expires / 1_000_000 : NO_PULL_LIMITS.maxExpires,
  };
}
