import { type Duration, MAX_TIMER_MS } from '../duration.js';
import type { Option, OptionTable } from './option.js';

/** Which messages are validated against the schema of their event. */
export interface ValidateOptions {
  /** Whether received events are validated before a handler sees them. @default true */
  incoming?: boolean | undefined;
  /** Whether events are validated before they are sent. @default true */
  outgoing?: boolean | undefined;
}

/** Where in a cluster a stream is kept. */
export interface PlacementOptions {
  /** Name of the cluster. */
  cluster?: string | undefined;
  /** Tags that a server must have. */
  tags?: string | readonly string[] | undefined;
}

/** The stream of an API; read when the stream is made; a stream that differs is told of, and not changed. */
export interface StreamOptions {
  /** What the stream is kept on; `memory` does not survive a restart of the server. @default 'file' */
  storage?: 'file' | 'memory' | undefined;
  /** Number of copies, 1 to 5; `auto` is 3 where JetStream has three servers or more, else 1. @default 'auto' */
  replicas?: number | 'auto' | undefined;
  /** How long events are kept, whether they were handled or not; `null` keeps them forever. @default null */
  maxAge?: Duration | null | undefined;
  /** How many events are kept; the oldest go first, handled or not; `null` sets no limit. @default null */
  maxLength?: number | null | undefined;
  /** How many bytes are kept; the oldest events go first, handled or not; `null` sets no limit. @default null */
  maxBytes?: number | null | undefined;
  /** How long an event's id is remembered, so that firing it again stores nothing. @default '2m' */
  duplicateWindow?: Duration | undefined;
  /** Whether nobody can ever purge the stream or erase single events; it cannot be undone. @default false */
  appendOnly?: boolean | undefined;
  /** Where in a cluster the stream is kept; `null` leaves it to the server. @default null */
  placement?: PlacementOptions | null | undefined;
}

/** What can be set for one API, or under `default` for all. */
export interface ApiOptions {
  /** Whether missing streams and durables are made; without, they are listed. @default true, or the top-level `manage` */
  manage?: boolean | undefined;
  /** Which messages are validated. */
  validate?: ValidateOptions | undefined;
  /** Whether an event without a known schema is refused rather than let through. @default false */
  strictValidation?: boolean | undefined;
  /** How long firing waits for the server to confirm that it stored the event. @default 15 */
  eventFireTimeout?: Duration | undefined;
  /** How long a delivery may stay unacknowledged before it is given to another process; it is renewed while a handler runs. @default 60 */
  acknowledgementTimeout?: Duration | undefined;
  /** The stream of the API. */
  stream?: StreamOptions | undefined;
}

const VALIDATE_OPTIONS: OptionTable<ValidateOptions> = {
  incoming: {
    type: 'boolean',
    default: true,
    doc: 'Whether received events are validated before a handler sees them.',
  },
  outgoing: { type: 'boolean', default: true, doc: 'Whether events are validated before they are sent.' },
};

const PLACEMENT_OPTIONS: OptionTable<PlacementOptions> = {
  cluster: { type: 'string', doc: 'Name of the cluster.' },
  tags: { type: 'strings', doc: 'Tags that a server must have.' },
};

const STREAM_OPTIONS: OptionTable<StreamOptions> = {
  storage: {
    type: 'choice',
    values: ['file', 'memory'],
    default: 'file',
    doc: 'What the stream is kept on; `memory` does not survive a restart of the server.',
  },
  replicas: {
    type: 'integer',
    minimum: 1,
    maximum: 5,
    words: ['auto'],
    default: 'auto',
    doc: 'Number of copies, 1 to 5; `auto` is 3 where JetStream has three servers or more, else 1.',
  },
  maxAge: {
    type: 'duration',
    minimum: 100,
    default: null,
    doc: 'How long events are kept, whether they were handled or not; `null` keeps them forever.',
  },
  maxLength: {
    type: 'integer',
    minimum: 1,
    default: null,
    doc: 'How many events are kept; the oldest go first, handled or not; `null` sets no limit.',
  },
  maxBytes: {
    type: 'integer',
    minimum: 1,
    default: null,
    doc: 'How many bytes are kept; the oldest events go first, handled or not; `null` sets no limit.',
  },
  duplicateWindow: {
    type: 'duration',
    minimum: 100,
    default: '2m',
    doc: "How long an event's id is remembered, so that firing it again stores nothing.",
  },
  appendOnly: {
    type: 'boolean',
    default: false,
    doc: 'Whether nobody can ever purge the stream or erase single events; it cannot be undone.',
  },
  placement: {
    type: 'group',
    options: PLACEMENT_OPTIONS,
    default: null,
    doc: 'Where in a cluster the stream is kept; `null` leaves it to the server.',
  },
};

/** The stream of dead letters or of replays, which refuses what it has no room for. */
export interface SystemStreamSettings extends Omit<StreamOptions, 'maxLength' | 'maxBytes' | 'duplicateWindow'> {
  /** How many it holds at most; it then refuses more. `null` sets no limit. @default null */
  maxLength?: number | null | undefined;
  /** How many bytes it holds at most; it then refuses more. `null` sets no limit. @default null */
  maxBytes?: number | null | undefined;
  /** How long an id is remembered, so that the same one is stored once. @default '1h' */
  duplicateWindow?: Duration | undefined;
}

/** What can be set for dead letters, or for replays. */
export interface SystemStreamOptions {
  /** Its settings; where and in how many copies is as for the APIs, unless it is said. */
  stream?: SystemStreamSettings | undefined;
}

const AS_DEFAULT = 'as under `apis.default.stream`';

/** What an API's stream has, with defaults that suit events which nobody may lose. */
export const SYSTEM_STREAM_OPTIONS: OptionTable<SystemStreamOptions> = {
  stream: {
    type: 'group',
    doc: 'Its settings; where and in how many copies is as for the APIs, unless it is said.',
    options: {
      ...STREAM_OPTIONS,
      storage: withoutDefault(STREAM_OPTIONS.storage),
      replicas: withoutDefault(STREAM_OPTIONS.replicas),
      placement: withoutDefault(STREAM_OPTIONS.placement),
      maxLength: {
        ...STREAM_OPTIONS.maxLength,
        doc: 'How many it holds at most; it then refuses more. `null` sets no limit.',
      },
      maxBytes: {
        ...STREAM_OPTIONS.maxBytes,
        doc: 'How many bytes it holds at most; it then refuses more. `null` sets no limit.',
      },
      duplicateWindow: {
        ...STREAM_OPTIONS.duplicateWindow,
        default: '1h',
        doc: 'How long an id is remembered, so that the same one is stored once.',
      },
    } as OptionTable<SystemStreamSettings>,
  },
};

function withoutDefault(option: Option): Option {
  const { default: _default, ...rest } = option;
  return { ...rest, defaultText: AS_DEFAULT } as Option;
}

export const API_OPTIONS: OptionTable<ApiOptions> = {
  manage: {
    type: 'boolean',
    defaultText: 'true, or the top-level `manage`',
    doc: 'Whether missing streams and durables are made; without, they are listed.',
  },
  validate: { type: 'group', options: VALIDATE_OPTIONS, doc: 'Which messages are validated.' },
  strictValidation: {
    type: 'boolean',
    default: false,
    doc: 'Whether an event without a known schema is refused rather than let through.',
  },
  eventFireTimeout: {
    type: 'duration',
    minimum: 1,
    maximum: MAX_TIMER_MS,
    default: 15,
    doc: 'How long firing waits for the server to confirm that it stored the event.',
  },
  acknowledgementTimeout: {
    type: 'duration',
    minimum: 1,
    maximum: MAX_TIMER_MS,
    default: 60,
    doc:
      'How long a delivery may stay unacknowledged before it is given to another process; ' +
      'it is renewed while a handler runs.',
  },
  stream: { type: 'group', options: STREAM_OPTIONS, doc: 'The stream of the API.' },
};
