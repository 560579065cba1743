import { DurableConflict, LightbusError, StreamConflict } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { DurableSpec, Patience, StartAt, StreamSpec } from '../broker.js';
import { ApiCode, isApiError, type JetStreamApi } from './api.js';

const NS_PER_MS = 1_000_000;

/** What we read of a stream as the server has it. */
export interface StreamInfo {
  readonly config: {
    readonly name: string;
    readonly subjects?: readonly string[];
    readonly retention: string;
    readonly [field: string]: unknown;
  };
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly subjects?: Readonly<Record<string, number>>;
  };
  readonly cluster?: { readonly name?: string };
}

/** What we read of a durable as the server has it. */
export interface DurableInfo {
  readonly stream_name: string;
  readonly name: string;
  readonly config: {
    readonly filter_subject?: string;
    readonly filter_subjects?: readonly string[];
    readonly ack_policy: string;
    readonly deliver_subject?: string;
    readonly ack_wait?: number;
    readonly max_ack_pending?: number;
    readonly max_deliver?: number;
  };
  readonly ack_floor: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly delivered: { readonly consumer_seq: number; readonly stream_seq: number };
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

/** Creates what is missing and changes nothing: info first, create, info again, since another process may do the same just now. */
export class Provisioner {
  readonly #api: JetStreamApi;
  readonly #logger: Logger;
  /** Drifts that were told of: each is looked at again after every reconnect. */
  readonly #warned = new Set<string>();

  constructor(api: JetStreamApi, logger: Logger) {
    this.#api = api;
    this.#logger = logger;
  }

  /** The API's stream, if there is one. @throws StreamConflict if it is not what an API's stream has to be */
  async findStream(spec: StreamSpec, patience: Patience): Promise<StreamInfo | undefined> {
    const name = spec.manage ? spec.name : await this.#nameBySubject(spec.subjects, patience);
    const info = name === undefined ? undefined : await this.streamInfo(name, patience);
    if (info !== undefined) checkStream(spec, info);
    return info;
  }

  /** The API's stream, made if need be. @throws StreamConflict */
  async ensureStream(spec: StreamSpec, patience: Patience): Promise<StreamInfo> {
    const found = await this.findStream(spec, patience);
    if (found !== undefined) return this.#compareStream(spec, found);
    if (!spec.manage) {
      throw new LightbusError(
        `No stream captures ${spec.subjects}, and manage is false for ${spec.purpose}; create ${spec.name} by hand or by "lightbus apply"`,
      );
    }
    try {
      const made = await this.#api.request<StreamInfo>(
        `STREAM.CREATE.${spec.name}`,
        await this.#streamConfig(spec, patience),
        patience,
      );
      this.#logger.info({ stream: spec.name, subjects: spec.subjects }, 'Created the stream');
      return made;
    } catch (error) {
      if (isApiError(error, ApiCode.subjectsOverlap)) throw await this.#overlap(spec, patience, error);
      if (!isApiError(error, ApiCode.streamNameInUse)) throw error;
      const other = await this.findStream(spec, patience);
      if (other === undefined) throw error;
      return this.#compareStream(spec, other);
    }
  }

  /**
   * The listener's durable, made if need be; undefined if its stream is gone meanwhile, or it is not for us to make.
   *
   * @throws DurableConflict
   */
  async ensureDurable(
    spec: DurableSpec,
    stream: StreamInfo,
    patience: Patience,
  ): Promise<{ info: DurableInfo; created: boolean } | undefined> {
    const streamName = stream.config.name;
    const found = await this.durableInfo(streamName, spec.name, patience);
    if (found !== undefined) return { info: this.#compareDurable(spec, found), created: false };
    if (!spec.stream.manage) return undefined;
    try {
      const request = { stream_name: streamName, config: durableConfig(spec), action: 'create' };
      await this.#api.request(`CONSUMER.CREATE.${streamName}.${spec.name}.${spec.filterSubject}`, request, patience);
      this.#announce(spec, stream);
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound)) return undefined;
      if (!isApiError(error, ApiCode.consumerExists, ApiCode.consumerNameInUse)) throw error;
    }
    const made = await this.durableInfo(streamName, spec.name, patience);
    return made && { info: this.#compareDurable(spec, made), created: true };
  }

  async durableInfo(stream: string, durable: string, patience: Patience): Promise<DurableInfo | undefined> {
    return await this.#orUndefined(
      this.#api.request<DurableInfo>(`CONSUMER.INFO.${stream}.${durable}`, undefined, patience),
    );
  }

  #announce(spec: DurableSpec, stream: StreamInfo): void {
    const fields = { durable: spec.name, stream: stream.config.name, filterSubject: spec.filterSubject };
    const skipped = spec.startAt === 'new' ? stream.state.messages : 0;
    if (skipped === 0) return this.#logger.info(fields, 'Created the durable');
    this.#logger.warn(
      { ...fields, skipped },
      `Created the durable for new events only: it skips up to ${skipped} events that the stream holds; use since: 'beginning' to have them`,
    );
  }

  /** Whether the stream holds events of no other subject than this. */
  async holdsOnly(stream: string, subject: string, patience: Patience): Promise<boolean> {
    const request = { subjects_filter: '>' };
    const { state } = await this.#api.request<StreamInfo>(`STREAM.INFO.${stream}`, request, patience);
    return Object.keys(state.subjects ?? {}).every((held) => captures(subject, held));
  }

  async streamInfo(name: string, patience: Patience): Promise<StreamInfo | undefined> {
    return await this.#orUndefined(this.#api.request<StreamInfo>(`STREAM.INFO.${name}`, undefined, patience));
  }

  async #orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound, ApiCode.consumerNotFound)) return undefined;
      throw error;
    }
  }

  async #nameBySubject(subject: string, patience: Patience): Promise<string | undefined> {
    const { streams } = await this.#api.request<{ streams: string[] | null }>('STREAM.NAMES', { subject }, patience);
    return streams?.[0];
  }

  async #overlap(spec: StreamSpec, patience: Patience, cause: unknown): Promise<StreamConflict> {
    const other = await this.#nameBySubject(spec.subjects, patience);
    return new StreamConflict(
      `The stream ${spec.name} of ${spec.purpose} has to capture ${spec.subjects}, but the stream ${other ?? '(not visible to this user)'} captures some of these subjects already; ` +
        `narrow its subjects, or set manage: false to use it as it is`,
      { cause },
    );
  }

  async #streamConfig(spec: StreamSpec, patience: Patience): Promise<object> {
    const { config } = spec;
    const replicas = config.replicas === 'auto' ? await this.#autoReplicas(patience) : config.replicas;
    return {
      name: spec.name,
      subjects: [spec.subjects],
      retention: spec.retention,
      storage: config.storage,
      discard: spec.discard,
      num_replicas: replicas,
      max_age: (config.maxAge ?? 0) * NS_PER_MS,
      max_msgs: config.maxLength ?? -1,
      max_bytes: config.maxBytes ?? -1,
      max_consumers: -1,
      duplicate_window: config.duplicateWindow * NS_PER_MS,
      deny_purge: config.appendOnly,
      deny_delete: config.appendOnly,
      ...(config.placement ? { placement: config.placement } : {}),
    };
  }

  async #autoReplicas(patience: Patience): Promise<number> {
    return (await this.#api.clustered(patience)) ? 3 : 1;
  }

  #compareStream(spec: StreamSpec, found: StreamInfo): StreamInfo {
    const { config } = spec;
    const wanted = {
      storage: config.storage,
      max_age: (config.maxAge ?? 0) * NS_PER_MS,
      max_msgs: config.maxLength ?? -1,
      max_bytes: config.maxBytes ?? -1,
      duplicate_window: config.duplicateWindow * NS_PER_MS,
    };
    this.#warnOfDrift(`stream ${found.config.name}`, wanted, found.config);
    return found;
  }

  #compareDurable(spec: DurableSpec, found: DurableInfo): DurableInfo {
    const conflict = durableConflict(spec, found);
    if (conflict !== undefined) {
      throw new DurableConflict(
        `The durable ${spec.name} on stream ${found.stream_name} ${conflict}; give the listener another listenerName, or delete that durable if nobody uses it`,
      );
    }
    const wanted = { ack_wait: spec.lease * NS_PER_MS, max_ack_pending: spec.maxAckPending };
    this.#warnOfDrift(`durable ${spec.name}`, wanted, found.config);
    return found;
  }

  #warnOfDrift(
    what: string,
    wanted: Readonly<Record<string, unknown>>,
    found: Readonly<Record<string, unknown>>,
  ): void {
    for (const [field, value] of Object.entries(wanted)) {
      const key = `${what} ${field} ${String(found[field])}`;
      if ((found[field] ?? 0) === value || this.#warned.has(key)) continue;
      this.#warned.add(key);
      this.#logger.warn(
        { field, server: found[field], configured: value },
        `The ${what} has ${field} ${String(found[field])} on the server, and ${String(value)} is configured; going on with the server's; "lightbus apply" changes it`,
      );
    }
  }
}

function checkStream(spec: StreamSpec, info: StreamInfo): void {
  const { name, subjects = [], retention } = info.config;
  if (!subjects.some((subject) => captures(subject, spec.subjects))) {
    throw new StreamConflict(
      `The stream ${name} captures ${subjects.join(', ') || 'nothing'}, not ${spec.subjects} of ${spec.purpose}; add that subject to it, or choose another prefix`,
    );
  }
  if (retention !== spec.retention) {
    throw new StreamConflict(
      `The stream ${name} of ${spec.purpose} has retention ${retention}, and needs ${spec.retention}, which cannot be changed later: make the stream anew`,
    );
  }
}

/** Whether one subject pattern covers all of another. */
export function captures(pattern: string, subject: string): boolean {
  const wide = pattern.split('.');
  const narrow = subject.split('.');
  for (const [index, token] of wide.entries()) {
    if (token === '>') return narrow.length > index;
    if (narrow[index] === undefined || narrow[index] === '>') return false;
    if (token !== '*' && token !== narrow[index]) return false;
  }
  return wide.length === narrow.length;
}

function durableConfig(spec: DurableSpec): object {
  return {
    durable_name: spec.name,
    name: spec.name,
    filter_subject: spec.filterSubject,
    ack_policy: 'explicit',
    ack_wait: spec.lease * NS_PER_MS,
    max_ack_pending: spec.maxAckPending,
    // Attempts are counted by us: the server parks what has used up its deliveries, silently.
    max_deliver: -1,
    replay_policy: 'instant',
    ...deliverPolicy(spec.startAt),
  };
}

function deliverPolicy(startAt: StartAt): object {
  if (startAt === 'new') return { deliver_policy: 'new' };
  if (startAt === 'beginning') return { deliver_policy: 'all' };
  if ('time' in startAt) return { deliver_policy: 'by_start_time', opt_start_time: startAt.time.toISOString() };
  return { deliver_policy: 'by_start_sequence', opt_start_seq: startAt.sequence };
}

function durableConflict(spec: DurableSpec, found: DurableInfo): string | undefined {
  const { config } = found;
  if (config.deliver_subject) return `pushes to ${config.deliver_subject}, and a listener needs one to pull from`;
  if (config.ack_policy !== 'explicit') return `has ack policy ${config.ack_policy}, and a listener needs explicit`;
  const filters = config.filter_subjects ?? [config.filter_subject ?? '>'];
  if (filters.length !== 1 || filters[0] !== spec.filterSubject)
    return `filters ${filters.join(', ')}, not ${spec.filterSubject}`;
  return undefined;
}
