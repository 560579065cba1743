import { type Duration, MAX_TIMER_MS } from '../duration.js';
import type { LogLevel } from '../logger.js';
import { LOG_LEVELS } from '../logger.js';
import type { ApiOptions, SystemStreamOptions } from './api-options.js';
import { API_OPTIONS, SYSTEM_STREAM_OPTIONS } from './api-options.js';
import type { NatsOptions } from './nats-options.js';
import { NATS_OPTIONS } from './nats-options.js';
import type { OptionTable } from './option.js';

export type { ApiOptions, StreamOptions, SystemStreamOptions, SystemStreamSettings } from './api-options.js';
export type { ApiConfig, Config, ResolvedNatsOptions, StreamConfig } from './config.js';
export type { NatsOptions } from './nats-options.js';

/** What a configuration file may hold, and `create({ config })`. */
export interface ConfigInput {
  /** Name of the service; its listeners share events between all processes of that name. */
  serviceName?: string | undefined;
  /** Name of this one process, for logs and the server's list of connections. */
  processName?: string | undefined;
  /** First word of every subject, stream and bucket, so that several buses share an account. @default 'lightbus' */
  prefix?: string | undefined;
  /** The least severe messages that are logged. @default 'info' */
  logLevel?: LogLevel | undefined;
  /** How long a stopping worker waits for running handlers before it aborts them. @default 30 */
  shutdownTimeout?: Duration | undefined;
  /** Whether missing streams and durables are made, where an API does not say otherwise. @default true */
  manage?: boolean | undefined;
  /** How to reach NATS. */
  nats?: NatsOptions | undefined;
  /** Options by API; what an API does not set comes from `default`. */
  apis?: { readonly [apiName: string]: ApiOptions | undefined } | undefined;
  /** The stream that keeps what listeners gave up. */
  deadLetters?: SystemStreamOptions | undefined;
  /** The stream of dead letters on their way back to their listener. */
  replays?: SystemStreamOptions | undefined;
}

export const CONFIG_OPTIONS: OptionTable<ConfigInput> = {
  serviceName: {
    type: 'string',
    defaultText: 'the `name` in the nearest package.json',
    doc: 'Name of the service; its listeners share events between all processes of that name.',
  },
  processName: {
    type: 'string',
    pattern: /^[\x21-\x7e]{1,200}$/,
    allowed: 'up to 200 printable ASCII characters without spaces',
    defaultText: '<host>-<process id>',
    doc: "Name of this one process, for logs and the server's list of connections.",
  },
  prefix: {
    type: 'string',
    default: 'lightbus',
    doc: 'First word of every subject, stream and bucket, so that several buses share an account.',
  },
  logLevel: {
    type: 'choice',
    values: LOG_LEVELS,
    default: 'info',
    doc: 'The least severe messages that are logged.',
  },
  shutdownTimeout: {
    type: 'duration',
    minimum: 0,
    maximum: MAX_TIMER_MS,
    default: 30,
    doc: 'How long a stopping worker waits for running handlers before it aborts them.',
  },
  manage: {
    type: 'boolean',
    default: true,
    doc: 'Whether missing streams and durables are made, where an API does not say otherwise.',
  },
  nats: { type: 'group', options: NATS_OPTIONS, doc: 'How to reach NATS.' },
  apis: {
    type: 'perApi',
    options: API_OPTIONS,
    doc: 'Options by API; what an API does not set comes from `default`.',
  },
  deadLetters: {
    type: 'group',
    options: SYSTEM_STREAM_OPTIONS,
    doc: 'The stream that keeps what listeners gave up.',
  },
  replays: {
    type: 'group',
    options: SYSTEM_STREAM_OPTIONS,
    doc: 'The stream of dead letters on their way back to their listener.',
  },
};
