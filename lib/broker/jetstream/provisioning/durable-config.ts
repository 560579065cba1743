import type { DurableSpec, StartAt } from '../../broker.js';

const NS_PER_MS = 1_000_000;

/** The parts of the server's durable that we read. */
export interface DurableInfo {
  readonly stream_name: string;
  readonly name: string;
  readonly created: string;
  readonly config: {
    readonly filter_subject?: string;
    readonly filter_subjects?: readonly string[];
    readonly ack_wait?: number;
    readonly max_ack_pending?: number;
    readonly max_batch?: number;
    /** Nanoseconds. */
    readonly max_expires?: number;
    readonly [field: string]: unknown;
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
    // We count the attempts ourselves: the server stops delivering an event at its limit, and does not report it.
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
