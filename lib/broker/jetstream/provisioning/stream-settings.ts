import type { StreamSpec } from '../../broker.js';
import { captures, overlaps } from '../wire/subjects.js';
import { isSet, type Rule, type SettingTable } from './settings.js';

const NS_PER_MS = 1_000_000;
const EDIT = 'change it there ("nats stream edit"), or in the configuration';
const UNSET = 'take it off the stream ("nats stream edit")';
const ANEW = 'it cannot be taken back: make the stream anew';

type StreamRule = Rule<StreamSpec>;

/** Dead letters and replays: shared by all services, and of no use to anybody else. */
const isSystem = (spec: StreamSpec): boolean => spec.discard === 'new';
const whenSystem = (value: unknown, spec: StreamSpec): boolean => isSet(value) && isSystem(spec);
const whenOwned = (value: unknown, spec: StreamSpec): boolean => isSet(value) && spec.owned;
const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0;

/** Whoever makes the stream is told how it differs from what is configured; whoever only listens has no say in it. */
function drift(effect: string, configured: (spec: StreamSpec) => unknown, remedy = EDIT): StreamRule[] {
  const applies = (value: unknown, spec: StreamSpec) => spec.owned && (value ?? 0) !== configured(spec);
  return [{ verdict: 'warn', when: 'other than configured', effect, configured, applies, remedy }];
}

function harmless(effect: string): StreamRule[] {
  return [{ verdict: 'harmless', effect }];
}

function appendOnly(effect: string): StreamRule[] {
  const applies = (value: unknown, { owned, config }: StreamSpec) => owned && config.appendOnly && value !== true;
  const says = () => `is not append-only, though appendOnly is true in the configuration: ${effect}`;
  const remedy = 'set deny_delete and deny_purge on the stream, which cannot be undone, or configure appendOnly: false';
  return [{ verdict: 'warn', when: 'off, and `appendOnly: true` configured', effect, applies, says, remedy }];
}

/** Every setting that a stream can have, of servers from 2.9 to 2.15. */
export const STREAM_SETTINGS: SettingTable<StreamSpec> = {
  mirror: [{ verdict: 'refuse', effect: 'a copy of another stream stores no events of its own', remedy: ANEW }],
  subjects: [
    {
      verdict: 'refuse',
      when: 'without those of the API',
      effect: 'events of the API would not be stored',
      applies: (value, spec) => !subjectsOf(value).some((subject) => captures(subject, spec.subjects)),
      says: (value, spec) =>
        `captures ${subjectsOf(value).join(', ') || 'nothing'}, not ${spec.subjects} of ${spec.purpose}`,
      remedy: 'add that subject to it, or choose another prefix',
    },
  ],
  retention: [
    {
      verdict: 'refuse',
      when: 'other than `limits` (replays: `workqueue`)',
      effect: 'events would be removed before each listener has had them',
      applies: (value, spec) => value !== spec.retention,
      says: (value, spec) =>
        `has retention ${String(value)}, and needs ${spec.retention}, which cannot be changed later`,
      remedy: 'make the stream anew',
    },
  ],
  no_ack: [
    {
      verdict: 'refuse',
      when: 'on, for whoever fires',
      effect: 'the server answers no publish, so nobody knows whether an event is stored',
      applies: whenOwned,
      remedy: UNSET,
    },
    { verdict: 'warn', when: 'on, for others', effect: 'who fires its events gets no answer', remedy: UNSET },
  ],
  sealed: [
    {
      verdict: 'refuse',
      when: 'on, for whoever fires',
      effect: 'nothing can be stored in it or removed from it',
      applies: whenOwned,
      remedy: ANEW,
    },
    { verdict: 'warn', when: 'on, for others', effect: 'no new events come', remedy: ANEW },
  ],
  allow_msg_counter: [{ verdict: 'refuse', effect: 'it takes counters, and refuses events', remedy: ANEW }],
  subject_transform: [
    {
      verdict: 'refuse',
      when: 'of subjects of the API',
      effect: 'events are stored under other names, which listeners do not ask for or take for others',
      applies: (value, spec) => isSet(value) && overlaps(sourceOf(value), spec.subjects),
      remedy: UNSET,
    },
    { verdict: 'harmless', when: 'of other subjects', effect: 'no event of ours is renamed' },
  ],
  republish: [
    {
      verdict: 'refuse',
      when: 'on dead letters and replays',
      effect: 'events of all services are copied to whoever subscribes to its destination',
      applies: whenSystem,
      remedy: UNSET,
    },
    {
      verdict: 'warn',
      when: 'on the stream of an API',
      effect:
        'each event is copied to whoever subscribes to its destination, and is handled twice where a stream stores it',
      remedy: UNSET,
    },
  ],
  sources: [
    {
      verdict: 'refuse',
      when: 'on dead letters and replays',
      effect: 'messages of other streams would pass for dead letters and replays of this service',
      applies: whenSystem,
      remedy: UNSET,
    },
    {
      verdict: 'warn',
      when: 'on the stream of an API',
      effect: 'events of other streams come in too, whoever may publish there',
      remedy: UNSET,
    },
  ],
  storage: drift(
    'in memory, events are gone when the server ends',
    ({ config }) => config.storage,
    'it cannot be changed: make the stream anew, or change the configuration',
  ),
  discard: drift(
    'with `new`, fire is refused when the stream is full; with `old`, dead letters are dropped instead',
    (spec) => spec.discard,
  ),
  max_age: drift('events are removed at another age, handled or not', ({ config }) => (config.maxAge ?? 0) * NS_PER_MS),
  max_msgs: drift('another number of events is kept, handled or not', ({ config }) => config.maxLength ?? -1),
  max_bytes: drift('another size is kept, handled or not', ({ config }) => config.maxBytes ?? -1),
  duplicate_window: drift('an id is recognised for another time', ({ config }) => config.duplicateWindow * NS_PER_MS),
  num_replicas: [
    {
      verdict: 'warn',
      when: 'other than configured, unless that is `auto`',
      effect: 'with fewer copies, a broken disk loses events',
      configured: ({ config }) => config.replicas,
      applies: (value, { owned, config }) => owned && config.replicas !== 'auto' && value !== config.replicas,
      remedy: EDIT,
    },
  ],
  placement: [
    {
      verdict: 'warn',
      when: 'other than configured',
      effect: 'events are kept somewhere else',
      configured: ({ config }) => config.placement,
      applies: (value, { owned, config }) => owned && config.placement !== null && !samePlace(value, config.placement),
      remedy: EDIT,
    },
  ],
  deny_delete: appendOnly('single events can be deleted'),
  deny_purge: appendOnly('all events can be purged at once'),
  max_msgs_per_subject: [
    {
      verdict: 'warn',
      when: 'above 0',
      effect: 'only so many events of each name are kept, and the others removed, handled or not',
      applies: isPositive,
      remedy: UNSET,
    },
  ],
  discard_new_per_subject: [
    {
      verdict: 'warn',
      effect: 'fire is refused while as many events of its name are kept as max_msgs_per_subject says',
      remedy: UNSET,
    },
  ],
  max_msg_size: [
    {
      verdict: 'warn',
      when: 'above 0',
      effect: 'larger events and dead letters are refused',
      applies: isPositive,
      remedy: UNSET,
    },
  ],
  max_consumers: [
    {
      verdict: 'warn',
      when: 'above 0',
      effect: 'no more durables than that can be made, one for each listener and event',
      applies: isPositive,
      remedy: 'it cannot be changed: make the stream anew if listeners are refused',
    },
  ],
  consumer_limits: [
    {
      verdict: 'warn',
      when: 'with a threshold or a maximum',
      effect:
        'durables made on it get its inactive_threshold, after which the server deletes them, or are refused for its max_ack_pending',
      remedy: UNSET,
    },
  ],
  allow_rollup_hdrs: [
    { verdict: 'warn', effect: 'whoever may publish can purge older events by a header (Nats-Rollup)', remedy: UNSET },
  ],
  allow_msg_ttl: [
    {
      verdict: 'warn',
      effect: 'events with a header Nats-TTL are removed after it, handled or not',
      remedy: 'see that nobody sets that header; the stream has to be made anew without it',
    },
  ],
  subject_delete_marker_ttl: [
    {
      verdict: 'warn',
      effect: 'the server adds markers without a body, which listeners take for broken events',
      remedy: UNSET,
    },
  ],
  allow_msg_schedules: [
    {
      verdict: 'warn',
      effect: 'whoever may publish can have events fired later, and purge older ones',
      remedy: 'keep schedules in a stream of their own',
    },
  ],
  persist_mode: [
    {
      verdict: 'warn',
      when: '`async`',
      effect: 'the server says that an event is stored before it is on the disk: a crash loses it',
      applies: (value) => value === 'async',
      remedy: ANEW,
    },
  ],
  name: harmless('streams are found by it, or by their subjects where `manage` is false'),
  description: harmless('a text for people'),
  metadata: harmless('labels for tools'),
  compression: harmless('the server reads what it has compressed'),
  first_seq: harmless('numbers begin there'),
  template_owner: harmless('a note of servers before 2.11'),
  allow_direct: harmless('another way to read'),
  mirror_direct: harmless('another way to read'),
  allow_atomic: harmless('permits batches; single events go on as before'),
  allow_batched: harmless('permits batches; single events go on as before'),
};

function subjectsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function sourceOf(transform: unknown): string {
  const { src } = transform as { src?: unknown };
  return typeof src === 'string' && src !== '' ? src : '>';
}

function samePlace(value: unknown, configured: NonNullable<StreamSpec['config']['placement']>): boolean {
  const found = (value ?? {}) as { cluster?: string; tags?: readonly string[] };
  const tags = (of: readonly string[] = []) => [...of].sort().join();
  return (found.cluster ?? '') === (configured.cluster ?? '') && tags(found.tags) === tags(configured.tags);
}
