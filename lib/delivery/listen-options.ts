import { didYouMean } from '../config/suggest.js';
import { type Duration, toMilliseconds } from '../duration.js';
import { InvalidConfiguration, InvalidEventListener } from '../errors.js';
import { checkListenerName } from '../names.js';
import { createBackoff } from './backoff.js';
import { type BatchOptions, type ListenOptions, OnError, type Since } from './options.js';
import type { FailurePolicy } from './outcome.js';

const DEFAULT_MAX_ATTEMPTS = 10;
const LARGEST_CONCURRENCY = 10_000;
const DEFAULT_MAX_SIZE = 100;
const LARGEST_MAX_SIZE = 1000;
const DEFAULT_MAX_WAIT_MS = 1000;
const LONGEST_MAX_WAIT_MS = 86_400_000;
/** More would never be in hand, as the server waits for acknowledgements before it hands over more than this. */
const MOST_IN_BATCHES = 5000;

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

type Check = (value: unknown) => string | undefined;

/** What each option may be; undefined if it may, else what is allowed. */
const CHECKS: Readonly<Record<string, Check>> & Record<keyof ListenOptions, Check> = {
  listenerName: () => undefined, // Its own check says more.
  onError: (value) =>
    typeof value === 'function' || Object.hasOwn(OnError, String(value))
      ? undefined
      : `a function or OnError.${Object.keys(OnError).join(', OnError.')}`,
  acknowledgementTimeout: () => undefined,
  concurrency: (value) =>
    isCount(value, LARGEST_CONCURRENCY) ? undefined : `a whole number from 1 to ${LARGEST_CONCURRENCY}`,
  ordered: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  orderBy: (value) => (typeof value === 'function' ? undefined : 'a function that gives the key of an event'),
  since: (value) =>
    isSince(value) ? undefined : `'new', 'beginning', a Date, or { sequence: 1 } with a whole number from 1`,
  maxAttempts: (value) => (isCount(value, Number.MAX_SAFE_INTEGER) ? undefined : 'a whole number from 1'),
  backoff: () => undefined,
  handlerTimeout: () => undefined,
};

const BATCH_CHECKS: Readonly<Record<string, Check>> & Record<keyof BatchOptions, Check> = {
  ...CHECKS,
  maxSize: (value) => (isCount(value, LARGEST_MAX_SIZE) ? undefined : `a whole number from 1 to ${LARGEST_MAX_SIZE}`),
  maxWait: () => undefined,
};

/**
 * @throws InvalidConfiguration for unknown options and wrong values, with what is allowed; InvalidName for the listener's
 *   name; InvalidEventListener for options that exclude each other
 */
export function resolveListenOptions(given: unknown): ResolvedListenOptions {
  const { options, where } = checked<ListenOptions>('listen', given, CHECKS);
  return resolve(options, where);
}

/** The same for `listenBatch`. @throws as `resolveListenOptions` does */
export function resolveBatchOptions(given: unknown): ResolvedListenOptions {
  const { options, where } = checked<BatchOptions & ListenOptions>('listenBatch', given, BATCH_CHECKS);
  const { ordered, orderBy, maxSize = DEFAULT_MAX_SIZE, maxWait } = options;
  if (ordered || orderBy !== undefined) {
    throw new InvalidEventListener(
      `${where}: ${ordered ? 'ordered' : 'orderBy'} makes no sense with batches, which are handled as a whole; leave it out (with a concurrency of 1, batches follow each other in the order of the stream), or use listen`,
    );
  }
  const resolved = resolve(options, where);
  if (resolved.concurrency * maxSize > MOST_IN_BATCHES) {
    throw new InvalidEventListener(
      `${where}: ${resolved.concurrency} batches of ${maxSize} at a time are more than the ${MOST_IN_BATCHES} events that may be unacknowledged; lower concurrency or maxSize`,
    );
  }
  const waiting = positive(maxWait, `${where}: maxWait`) ?? DEFAULT_MAX_WAIT_MS;
  if (waiting > LONGEST_MAX_WAIT_MS) {
    throw new InvalidConfiguration(`${where}: maxWait is ${maxWait}; give a day at most`);
  }
  return { ...resolved, batch: { maxSize, maxWait: waiting } };
}

function checked<O extends { listenerName: string }>(
  verb: string,
  given: unknown,
  checks: Readonly<Record<string, Check>>,
): { options: O; where: string } {
  if (typeof given !== 'object' || given === null) {
    throw new InvalidConfiguration(
      `${verb}(handler, options): the options are missing; give at least { listenerName: 'send_alerts' }`,
    );
  }
  const options = given as O;
  checkListenerName(options.listenerName);
  const where = `listener "${options.listenerName}"`;
  for (const [key, value] of Object.entries(options)) check(where, key, value, checks);
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
    lease: positive(options.acknowledgementTimeout, `${where}: acknowledgementTimeout`),
    concurrency,
    ordered,
    orderBy,
    since: options.since ?? 'new',
    policy: {
      maxAttempts: options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
      backoff: createBackoff(options.backoff, `${where}: backoff`),
    },
    handlerTimeout: positive(options.handlerTimeout, `${where}: handlerTimeout`),
    batch: undefined,
  };
}

function check(where: string, key: string, value: unknown, checks: Readonly<Record<string, Check>>): void {
  if (!Object.hasOwn(checks, key)) {
    throw new InvalidConfiguration(
      `${where}: there is no option "${key.slice(0, 60)}"${didYouMean(key, Object.keys(checks))}; the options are ${Object.keys(checks).join(', ')}`,
    );
  }
  const allowed = value === undefined ? undefined : checks[key]?.(value);
  if (allowed !== undefined)
    throw new InvalidConfiguration(`${where}: ${key} is ${String(value).slice(0, 60)}; give ${allowed}`);
}

function positive(duration: Duration | undefined, path: string): number | undefined {
  if (duration === undefined) return undefined;
  const milliseconds = toMilliseconds(duration, path);
  if (milliseconds >= 1) return milliseconds;
  throw new InvalidConfiguration(`${path}: ${duration} is too short; give a millisecond or more`);
}

function isCount(value: unknown, largest: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= largest;
}

function isSince(value: unknown): boolean {
  if (value === 'new' || value === 'beginning') return true;
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return (
    typeof value === 'object' &&
    value !== null &&
    isCount((value as { sequence?: unknown }).sequence, Number.MAX_SAFE_INTEGER)
  );
}
