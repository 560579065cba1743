import type { StreamSpec } from '../../broker.js';

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
  /** Absent from the answer to a creation. */
  readonly domain?: string;
}

/** The configuration of a stream that is to be made. */
export function streamConfig(spec: StreamSpec, replicas: number): object {
  const { config } = spec;
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
