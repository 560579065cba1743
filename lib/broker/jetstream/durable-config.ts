import type { DurableSpec, StartAt } from '../broker.js';

const NS_PER_MS = 1_000_000;

/** What we read of a durable as the server has it. */
export interface DurableInfo {
  readonly stream_name: string;
  readonly name: string;
  readonly created: string;
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

/** The configuration of a durable that is to be made. */
export function durableConfig(spec: DurableSpec): object {
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

/** What makes a durable unusable for a listener, completing "the durable ..."; undefined if nothing does. */
export function durableConflict(spec: DurableSpec, found: DurableInfo): string | undefined {
  const { config } = found;
  if (config.deliver_subject) return `pushes to ${config.deliver_subject}, and a listener needs one to pull from`;
  if (config.ack_policy !== 'explicit') return `has ack policy ${config.ack_policy}, and a listener needs explicit`;
  const filters = config.filter_subjects ?? [config.filter_subject ?? '>'];
  if (filters.length !== 1 || filters[0] !== spec.filterSubject)
    return `filters ${filters.join(', ')}, not ${spec.filterSubject}`;
  return undefined;
}
