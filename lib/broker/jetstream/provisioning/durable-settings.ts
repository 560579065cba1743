import type { DurableSpec } from '../../broker.js';
import { isSet, type Rule, type SettingTable } from './settings.js';

const NS_PER_MS = 1_000_000;
/** A process has two or three pulls open for each durable. */
const FEWEST_PULLS = 16;
const EDIT = 'change it there ("nats consumer edit"), or in the configuration';
const UNSET = 'take it off the durable ("nats consumer edit")';
const ANEW = 'give the listener another listenerName, or delete that durable if nobody uses it';

type Config = Readonly<Record<string, unknown>>;

/** The purpose of a durable, its configuration, and its stream. */
export interface DurableContext {
  readonly spec: DurableSpec;
  readonly durable: Config;
  readonly stream: Config;
}

type DurableRule = Rule<DurableContext>;

const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;

function harmless(effect: string): DurableRule[] {
  return [{ verdict: 'harmless', effect }];
}

/** At most one of the two fields is set, and either may name the only subject. */
const FILTER: DurableRule = {
  verdict: 'refuse',
  when: 'other than the event of the listener',
  effect: 'the listener would get other events, or miss its own',
  says: (value, { spec }) => `filters ${isSet(value) ? [value].flat().join(', ') : '>'}, not ${spec.filterSubject}`,
  remedy: `${ANEW}; or set the filter back`,
};

/** Every setting that a durable can have, of servers from 2.9 to 2.15. */
export const DURABLE_SETTINGS: SettingTable<DurableContext> = {
  durable_name: [
    {
      verdict: 'refuse',
      when: 'missing',
      effect: 'the server deletes what is not durable when nobody uses it',
      applies: (value) => !value,
      says: () => 'is not durable: the server deletes it when nobody uses it',
      remedy: ANEW,
    },
  ],
  deliver_subject: [
    {
      verdict: 'refuse',
      effect: 'the server pushes, and a listener pulls',
      says: (value) => `pushes to ${String(value)}, and a listener needs one to pull from`,
      remedy: ANEW,
    },
  ],
  ack_policy: [
    {
      verdict: 'refuse',
      when: 'other than `explicit`',
      effect: 'events would be taken for handled that are not',
      applies: (value) => value !== 'explicit',
      says: (value) => `has ack policy ${String(value)}, and a listener needs explicit`,
      remedy: ANEW,
    },
  ],
  filter_subject: [
    {
      ...FILTER,
      applies: (value, { spec, durable }) => !isSet(durable.filter_subjects) && value !== spec.filterSubject,
    },
  ],
  filter_subjects: [
    { ...FILTER, applies: (value, { spec }) => isSet(value) && [value].flat().join() !== spec.filterSubject },
  ],
  headers_only: [{ verdict: 'refuse', effect: 'events come without their parameters', remedy: UNSET }],
  max_deliver: [
    {
      verdict: 'refuse',
      when: 'above 0',
      effect: 'after so many deliveries the server holds an event back in silence, and it becomes no dead letter',
      applies: isPositive,
      remedy: 'set it to -1 ("nats consumer edit --max-deliver=-1"), and use maxAttempts of the listener',
    },
  ],
  backoff: [
    {
      verdict: 'refuse',
      effect: 'it replaces ack_wait by other times, in which running events are delivered again',
      remedy: `${UNSET}, and use backoff of the listener`,
    },
  ],
  priority_groups: [{ verdict: 'refuse', effect: 'the server refuses pulls that name no group', remedy: UNSET }],
  priority_policy: [
    {
      verdict: 'refuse',
      when: 'other than `none`',
      effect: 'the server refuses pulls that name no group',
      applies: (value) => isSet(value) && value !== 'none',
      remedy: UNSET,
    },
  ],
  ack_wait: [
    {
      verdict: 'adapt',
      when: 'other than configured',
      effect: 'leases last as long, and are renewed in each third of it',
      configured: ({ spec }) => spec.lease * NS_PER_MS,
      remedy: EDIT,
    },
  ],
  max_batch: [{ verdict: 'adapt', when: 'above 0', effect: 'pulls ask for no more events', applies: isPositive }],
  max_expires: [{ verdict: 'adapt', when: 'above 0', effect: 'pulls last no longer', applies: isPositive }],
  max_bytes: harmless('it bounds pulls that ask for bytes, and ours ask for events'),
  max_ack_pending: [
    {
      verdict: 'warn',
      when: 'other than configured',
      effect:
        'another number of events is handed out at a time; an ordered listener needs 1 to keep order across processes',
      configured: ({ spec }) => spec.maxAckPending,
      remedy: EDIT,
    },
  ],
  max_waiting: [
    {
      verdict: 'warn',
      when: `below ${FEWEST_PULLS}`,
      effect: 'the server refuses the pulls of further processes',
      applies: (value) => isPositive(value) && (value as number) < FEWEST_PULLS,
      remedy: `it cannot be changed: ${ANEW}`,
    },
  ],
  replay_policy: [
    {
      verdict: 'warn',
      when: '`original`',
      effect: 'events come as slowly as they were fired',
      applies: (value) => value === 'original',
      remedy: `it cannot be changed: ${ANEW}`,
    },
  ],
  inactive_threshold: [
    {
      verdict: 'warn',
      effect:
        'the server deletes the durable when no process has pulled for that time, and with it what waits for this listener',
      remedy: UNSET,
    },
  ],
  pause_until: [
    {
      verdict: 'warn',
      when: 'in the future',
      effect: 'the listener gets no events before that time',
      applies: (value) => typeof value === 'string' && Date.parse(value) > Date.now(),
      remedy: '"nats consumer resume" ends the pause',
    },
  ],
  num_replicas: [
    {
      verdict: 'warn',
      when: 'above 0, and fewer than the stream has',
      effect: 'with fewer copies, a broken disk loses how far the listener is',
      applies: (value, { stream }) => isPositive(value) && (value as number) < Number(stream.num_replicas ?? 1),
      remedy: UNSET,
    },
  ],
  mem_storage: [
    {
      verdict: 'warn',
      when: 'on, and the stream in files',
      effect: 'when its server ends, it is forgotten how far the listener is',
      applies: (value, { stream }) => value === true && stream.storage === 'file',
      remedy: UNSET,
    },
  ],
  name: harmless('durables are found by it'),
  description: harmless('a text for people'),
  metadata: harmless('labels for tools'),
  deliver_policy: harmless('only says where the durable began'),
  opt_start_seq: harmless('only says where the durable began'),
  opt_start_time: harmless('only says where the durable began'),
  sample_freq: harmless('the server reports acknowledgements to monitoring'),
  priority_timeout: harmless('only of durables with priority groups'),
  rate_limit_bps: harmless('only of durables that push'),
  flow_control: harmless('only of durables that push'),
  deliver_group: harmless('only of durables that push'),
  idle_heartbeat: harmless('only of durables that push'),
  direct: harmless('the server marks its own consumers with it'),
  sourcing: harmless('the server marks its own consumers with it'),
};
