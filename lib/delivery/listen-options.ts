import { checkOptions } from '../config/check.js';
import type { RuleTable } from '../config/option.js';
import { type Duration, MAX_TIMER_MS, toMilliseconds } from '../duration.js';
import { InvalidConfiguration, InvalidEventListener } from '../errors.js';
import { checkListenerName } from '../names.js';
import { createBackoff } from './backoff.js';
import type { FailurePolicy } from './failure-policy.js';
import { type BatchOptions, type ListenOptions, OnError, type Since } from './options.js';

const DEFAULT_MAX_ATTEMPTS = 10;
const MAX_CONCURRENCY = 10_000;
const DEFAULT_MAX_SIZE = 100;
const MAX_BATCH_SIZE = 1000;
const DEFAULT_MAX_WAIT_MS = 1000;
const MAX_BATCH_WAIT_MS = 86_400_000;
/** A larger batch could never be filled: the server waits for acknowledgements before it delivers more than this. */
const MAX_IN_BATCHES = 5000;

/** The options of a listener, checked, with defaults filled in and durations in milliseconds. */
export interface ResolvedListenOptions {
  readonly listenerName: string;
  readonly onError: NonNullable<ListenOptions['onError']>;
  /** Undefined: what the configuration of the API says. */
  readonly lease: number | undefined;
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly orderBy: ListenOptions['orderBy'];
  readonly since: Since;
  readonly policy: FailurePolicy;
  /** Undefined: no limit. */
  readonly handlerTimeout: number | undefined;
  /** Undefined: the listener takes one event at a time. */
  readonly batch: { readonly maxSize: number; readonly maxWait: number } | undefined;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1;
const TIMER = { type: 'duration', minimum: 1, maximum: MAX_TIMER_MS } as const;

const LISTEN_OPTIONS: RuleTable<ListenOptions> = {
  listenerName: { type: 'string' },
  onError: {
    type: 'value',
    fits: (value) => typeof value === 'function' || (typeof value === 'string' && Object.hasOwn(OnError, value)),
    allowed: `a function or OnError.${Object.keys(OnError).join(', OnError.')}`,
  },
  acknowledgementTimeout: TIMER,
  concurrency: { type: 'integer', minimum: 1, maximum: MAX_CONCURRENCY },
  ordered: { type: 'boolean' },
  orderBy: {
    type: 'value',
    fits: (value) => typeof value === 'function',
    allowed: 'a function that gives the key of an event',
  },
  since: {
    type: 'value',
    fits: isSince,
    allowed: "'new', 'beginning', a Date, or { sequence: 1 } with a whole number from 1",
  },
  maxAttempts: { type: 'integer', minimum: 1 },
  backoff: {
    type: 'value',
    fits: (value) => value === 'exponential' || (Array.isArray(value) && value.length > 0),
    allowed: "'exponential' or a list of durations, e.g. ['1s', '10s', '5m']",
  },
  handlerTimeout: TIMER,
};

const BATCH_OPTIONS: RuleTable<BatchOptions & ListenOptions> = {
  ...LISTEN_OPTIONS,
  maxSize: { type: 'integer', minimum: 1, maximum: MAX_BATCH_SIZE },
  maxWait: { type: 'duration', minimum: 1, maximum: MAX_BATCH_WAIT_MS },
};

/**
 * @throws InvalidConfiguration for unknown options and wrong values, with what is allowed; InvalidName for the listener's
 *   name; InvalidEventListener for options that exclude each other
 */
export function resolveListenOptions(given: unknown): ResolvedListenOptions {
  const { options, where } = checked<ListenOptions>('listen', given, LISTEN_OPTIONS);
  return resolve(options, where);
}

/** The same for `listenBatch`. @throws as `resolveListenOptions` does */
export function resolveBatchOptions(given: unknown): ResolvedListenOptions {
  const { options, where } = checked<BatchOptions & ListenOptions>('listenBatch', given, BATCH_OPTIONS);
  const { ordered, orderBy, maxSize = DEFAULT_MAX_SIZE, maxWait } = options;
  if (ordered || orderBy !== undefined) {
    throw new InvalidEventListener(
      `${where}: ${ordered ? 'ordered' : 'orderBy'} makes no sense with batches, which are handled as a whole; leave it out (with a concurrency of 1, batches follow each other in the order of the stream), or use listen`,
    );
  }
  const resolved = resolve(options, where);
  if (resolved.concurrency * maxSize > MAX_IN_BATCHES) {
    throw new InvalidEventListener(
      `${where}: ${resolved.concurrency} batches of ${maxSize} at a time are more than the ${MAX_IN_BATCHES} events that may be unacknowledged; lower concurrency or maxSize`,
    );
  }
  const waiting = milliseconds(maxWait) ?? DEFAULT_MAX_WAIT_MS;
  return { ...resolved, batch: { maxSize, maxWait: waiting } };
}

function checked<O extends { listenerName: string }>(
  verb: string,
  given: unknown,
  rules: RuleTable,
): { options: O; where: string } {
  if (typeof given !== 'object' || given === null) {
    throw new InvalidConfiguration(
      `${verb}(handler, options): the options are missing; give at least { listenerName: 'send_alerts' }`,
    );
  }
  const options = given as O;
  checkListenerName(options.listenerName);
  const where = `listener "${options.listenerName}"`;
  checkOptions(rules, options, `${where}:`);
  return { options, where };
}

function resolve(options: ListenOptions, where: string): ResolvedListenOptions {
  const { ordered = false, concurrency = 1, orderBy } = options;
  if (ordered && concurrency > 1) {
    throw new InvalidEventListener(
      `${where}: ordered means one event at a time, and concurrency is ${concurrency}; leave one of them out`,
    );
  }
  return {
    listenerName: options.listenerName,
    onError: options.onError ?? OnError.SHUTDOWN,
    lease: milliseconds(options.acknowledgementTimeout),
    concurrency,
    ordered,
    orderBy,
    since: options.since ?? 'new',
    policy: {
      maxAttempts: options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
      backoff: createBackoff(options.backoff, `${where}: backoff`),
    },
    handlerTimeout: milliseconds(options.handlerTimeout),
    batch: undefined,
  };
}

/** The milliseconds of a duration that was checked. */
function milliseconds(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : toMilliseconds(duration, '');
}

function isSince(value: unknown): boolean {
  if (value === 'new' || value === 'beginning') return true;
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === 'object' && value !== null && isCount((value as { sequence?: unknown }).sequence);
}
