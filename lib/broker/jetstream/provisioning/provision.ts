import { LightbusError, StreamConflict } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { DurableSpec, StreamSpec, WaitOptions } from '../../broker.js';
import { ApiCode, isApiError, type JetStreamApi } from '../connection/requests.js';
import { captures } from '../wire/subjects.js';
import { createStream, explainRefusedStream } from './create-stream.js';
import { type DurableInfo, durableConfig } from './durable-config.js';
import { SettingsCheck } from './settings-check.js';
import type { StreamInfo } from './stream-config.js';

const LOOK_AT_STREAM_EVERY_MS = 20_000;

/** Creates what is missing, and changes nothing: info, create, and info again, because another process may do the same now. */
export class Provisioner {
  readonly #api: JetStreamApi;
  readonly #logger: Logger;
  readonly #settings: SettingsCheck;
  /** When each stream was last checked: one of its durables does it for all. */
  readonly #lookedAt = new Map<string, number>();

  constructor(api: JetStreamApi, logger: Logger) {
    this.#api = api;
    this.#logger = logger;
    this.#settings = new SettingsCheck(logger);
  }

  /** The API's stream, if there is one. @throws StreamConflict if its settings do not fit its purpose */
  async findStream(
    spec: StreamSpec,
    waitOptions: WaitOptions,
    purpose: 'use' | 'read' = 'use',
  ): Promise<StreamInfo | undefined> {
    const name = spec.manage ? spec.name : await this.#nameBySubject(spec.subjects, waitOptions);
    const info = name === undefined ? undefined : await this.streamInfo(name, waitOptions);
    if (info !== undefined) this.#settings.stream(spec, info, purpose);
    return info;
  }

  /** The API's stream; makes it if it is missing. @throws StreamConflict */
  async ensureStream(spec: StreamSpec, waitOptions: WaitOptions): Promise<StreamInfo> {
    const found = await this.findStream(spec, waitOptions);
    if (found !== undefined) return found;
    if (!spec.manage) {
      throw new LightbusError(
        `No stream captures ${spec.subjects}, and manage is false for ${spec.purpose}; create ${spec.name} by hand ("nats stream add")`,
      );
    }
    try {
      const made = await createStream(this.#api, spec, { waitOptions, logger: this.#logger });
      this.#logger.info({ stream: spec.name, subjects: spec.subjects }, 'Created the stream');
      // Asked again, because only this answer has the domain, which tells answers of this stream from others.
      return (await this.streamInfo(spec.name, waitOptions)) ?? made;
    } catch (error) {
      if (isApiError(error, ApiCode.subjectsOverlap)) throw await this.#overlap(spec, waitOptions, error);
      if (!isApiError(error, ApiCode.streamNameInUse)) throw explainRefusedStream(spec, error);
      const other = await this.findStream(spec, waitOptions);
      if (other === undefined) throw error;
      return other;
    }
  }

  /**
   * The listener's durable; makes it if it is missing. Undefined if its stream is gone, or if we may not make it.
   *
   * @throws DurableConflict
   */
  async ensureDurable(
    spec: DurableSpec,
    stream: StreamInfo,
    waitOptions: WaitOptions,
  ): Promise<{ info: DurableInfo; created: boolean } | undefined> {
    const streamName = stream.config.name;
    const found = await this.durableInfo(streamName, spec.name, waitOptions);
    if (found !== undefined) return { info: this.#checked(spec, found, stream), created: false };
    if (!spec.stream.manage) return undefined;
    try {
      const request = { stream_name: streamName, config: durableConfig(spec), action: 'create' };
      await this.#api.request(`CONSUMER.CREATE.${streamName}.${spec.name}.${spec.filterSubject}`, request, waitOptions);
      await this.#announce(spec, stream, waitOptions);
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound)) return undefined;
      if (!isApiError(error, ApiCode.consumerExists, ApiCode.consumerNameInUse)) throw error;
    }
    const made = await this.durableInfo(streamName, spec.name, waitOptions);
    return made && { info: this.#checked(spec, made, stream), created: true };
  }

  async durableInfo(stream: string, durable: string, waitOptions: WaitOptions): Promise<DurableInfo | undefined> {
    return await this.#orUndefined(
      this.#api.request<DurableInfo>(`CONSUMER.INFO.${stream}.${durable}`, undefined, waitOptions),
    );
  }

  async #announce(spec: DurableSpec, stream: StreamInfo, waitOptions: WaitOptions): Promise<void> {
    const fields = { durable: spec.name, stream: stream.config.name, filterSubject: spec.filterSubject };
    const counts =
      spec.startAt === 'new' ? await this.#countBySubject(stream.config.name, spec.filterSubject, waitOptions) : {};
    const skipped = Object.values(counts).reduce((sum, count) => sum + count, 0);
    if (skipped === 0) return this.#logger.info(fields, 'Created the durable');
    this.#logger.warn(
      { ...fields, skipped },
      `Created the durable for new events only: it skips the ${skipped} that the stream holds for it; use since: 'beginning' to have them`,
    );
  }

  /** Whether the stream has events of this subject only. */
  async holdsOnly(stream: string, subject: string, waitOptions: WaitOptions): Promise<boolean> {
    const held = Object.keys(await this.#countBySubject(stream, '>', waitOptions));
    return held.every((each) => captures(subject, each));
  }

  async #countBySubject(
    stream: string,
    filter: string,
    waitOptions: WaitOptions,
  ): Promise<Readonly<Record<string, number>>> {
    const request = { subjects_filter: filter };
    const { state } = await this.#api.request<StreamInfo>(`STREAM.INFO.${stream}`, request, waitOptions);
    return state.subjects ?? {};
  }

  async streamInfo(name: string, waitOptions: WaitOptions): Promise<StreamInfo | undefined> {
    return await this.#orUndefined(this.#api.request<StreamInfo>(`STREAM.INFO.${name}`, undefined, waitOptions));
  }

  async #orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound, ApiCode.consumerNotFound)) return undefined;
      throw error;
    }
  }

  async #nameBySubject(subject: string, waitOptions: WaitOptions): Promise<string | undefined> {
    const { streams } = await this.#api.request<{ streams: string[] | null }>('STREAM.NAMES', { subject }, waitOptions);
    return streams?.[0];
  }

  async #overlap(spec: StreamSpec, waitOptions: WaitOptions, cause: unknown): Promise<StreamConflict> {
    const other = await this.#nameBySubject(spec.subjects, waitOptions);
    return new StreamConflict(
      `The stream ${spec.name} of ${spec.purpose} has to capture ${spec.subjects}, but the stream ${other ?? '(not visible to this user)'} captures some of these subjects already; ` +
        `narrow its subjects, or set manage: false to use it as it is`,
      { cause },
    );
  }

  /** Checks the settings of a durable and its stream. @throws StreamConflict, DurableConflict */
  async lookAgain(
    spec: DurableSpec,
    durable: DurableInfo,
    stream: StreamInfo,
    waitOptions: WaitOptions,
  ): Promise<void> {
    this.#settings.durable(spec, durable, stream);
    const { name } = stream.config;
    const now = performance.now();
    if (now - (this.#lookedAt.get(name) ?? Number.NEGATIVE_INFINITY) < LOOK_AT_STREAM_EVERY_MS) return;
    const found = await this.streamInfo(name, waitOptions);
    if (found === undefined) return;
    this.#settings.stream(spec.stream, found);
    // Each durable of a refused stream checks it.
    this.#lookedAt.set(name, now);
  }

  /** Makes the next look check the streams again. */
  forgetLooks(): void {
    this.#lookedAt.clear();
  }

  /** @throws DurableConflict */
  #checked(spec: DurableSpec, info: DurableInfo, stream: StreamInfo): DurableInfo {
    this.#settings.durable(spec, info, stream);
    return info;
  }
}
