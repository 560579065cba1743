import { StreamConflict } from '../../errors.js';
import type { StreamSpec } from '../broker.js';

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

/** What of a stream may differ between server and configuration, as configured: told, not changed. */
export function mutableStreamConfig({ config }: StreamSpec): Readonly<Record<string, unknown>> {
  return {
    storage: config.storage,
    max_age: (config.maxAge ?? 0) * NS_PER_MS,
    max_msgs: config.maxLength ?? -1,
    max_bytes: config.maxBytes ?? -1,
    duplicate_window: config.duplicateWindow * NS_PER_MS,
  };
}

/** @throws StreamConflict if a stream is not what this one has to be */
export function checkStream(spec: StreamSpec, info: StreamInfo): void {
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
