import type { StoredMessage, StreamSpec, WaitOptions } from '../../broker/broker.js';
import type { RuleTable } from '../../config/option.js';
import { EventFireTimeout, InvalidConfiguration, LightbusError } from '../../errors.js';
import type { Headers } from '../../message/headers.js';
import { type DeadLetter, decodeDeadLetter } from '../../message/stored-dead-letter.js';
import { deadLetterStream } from '../../names.js';
import type { Lifecycle, Opened } from '../lifecycle.js';
import { SIGNAL } from '../signal-option.js';
import type { Streams } from '../streams.js';
import { checkFilter, type DeadLetterFilter, FILTER_OPTIONS, filterOf, isFiltered, subjectsOf } from './filter.js';
import { NotReplayable, ReplayPublisher } from './replay-publisher.js';

/** How many are replayed or removed at a time. */
const CHUNK = 32;

/** How dead letters are replayed or removed. */
export interface DeadLetterAction extends DeadLetterFilter {
  /** Only counts; changes nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Stops early; the same call, repeated, goes on with the rest. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then. */
  readonly onProgress?: ((progress: { readonly done: number; readonly found: number }) => void) | undefined;
}

/** How dead letters are removed. */
export interface DeadLetterRemoval extends DeadLetterAction {
  /** Removes those of every service; needed if there is no filter. @default false */
  readonly all?: boolean | undefined;
}

const ACTION_OPTIONS: RuleTable<DeadLetterAction> = {
  ...FILTER_OPTIONS,
  dryRun: { type: 'boolean' },
  signal: SIGNAL,
  onProgress: { type: 'value', fits: (value) => typeof value === 'function', allowed: 'a function' },
};

const REMOVAL_OPTIONS: RuleTable<DeadLetterRemoval> = { ...ACTION_OPTIONS, all: { type: 'boolean' } };

/** The result of replaying or removing dead letters. */
export interface DeadLetterResult {
  /** How many the filter found. */
  readonly found: number;
  /** How many were replayed or removed, or would be, in a dry run. */
  readonly done: number;
  /** How many somebody else has replayed or removed meanwhile. */
  readonly gone: number;
  /** Dead letters that could not be replayed, each with the reason. */
  readonly failed: readonly { readonly sequence: number; readonly id: string; readonly reason: string }[];
}

/** A dead letter with its content. */
export interface OpenedDeadLetter extends DeadLetter {
  /** The event's own headers, names in lowercase. */
  readonly headers: Headers;
  /** The event's body, byte for byte; its beginning, if `truncated`. */
  readonly body: Uint8Array;
}

/**
 * The events that listeners gave up: `bus.client.deadLetters`. Of all services, unless the filter names one.
 *
 * ```ts
 * for await (const letter of bus.client.deadLetters.list({ service: 'price-monitor' })) console.log(letter.error.message);
 * await bus.client.deadLetters.replay({ service: 'price-monitor', listener: 'send_alerts' });
 * ```
 */
export interface DeadLetters {
  /** Lists dead letters, oldest first. */
  list(filter?: DeadLetterFilter): AsyncIterable<DeadLetter>;
  /** One dead letter with its headers and body; undefined if it is not there. */
  show(sequence: number): Promise<OpenedDeadLetter | undefined>;
  /**
   * Sends dead letters again, each to the listener that gave it up and to no other, oldest first, and removes each after its
   * replay is stored. An interrupted call can be repeated.
   */
  replay(action?: DeadLetterAction): Promise<DeadLetterResult>;
  /**
   * Removes dead letters forever. Needs a filter or `all: true`, because they are those of every service.
   *
   * @throws InvalidConfiguration without either, and for wrong options
   */
  remove(removal: DeadLetterRemoval): Promise<DeadLetterResult>;
}

/** One dead letter and its copies, by their places. */
interface Found {
  readonly id: string;
  readonly sequences: number[];
  chosen: boolean;
}

/** Replays or removes one; resolves to false if it was gone. @throws NotReplayable */
type Act = (sequence: number) => Promise<boolean>;

export class DeadLetterAdmin implements DeadLetters {
  readonly #lifecycle: Lifecycle;
  readonly #streams: Streams;

  constructor(lifecycle: Lifecycle, streams: Streams) {
    this.#lifecycle = lifecycle;
    this.#streams = streams;
  }

  async *list(filter: DeadLetterFilter = {}): AsyncGenerator<DeadLetter> {
    checkFilter(filter);
    const { fits } = filterOf(filter);
    const { browse } = await this.#open();
    const listed = new Set<string>();
    const limit = filter.limit ?? Number.POSITIVE_INFINITY;
    for await (const message of browse(filter)) {
      const letter = decodeDeadLetter(message);
      if (listed.has(letter.id) || !fits(letter)) continue;
      listed.add(letter.id);
      yield letter;
      if (listed.size >= limit) return;
    }
  }

  async show(sequence: number): Promise<OpenedDeadLetter | undefined> {
    checkFilter({ sequence });
    const { opened, stream, waitOptions } = await this.#open();
    const message = await opened.broker.store.read(stream, sequence, waitOptions()).catch(throwAsOurs);
    if (message === undefined) return undefined;
    return { ...decodeDeadLetter(message), headers: eventHeaders(message), body: message.body };
  }

  async replay(action: DeadLetterAction = {}): Promise<DeadLetterResult> {
    checkFilter(action, ACTION_OPTIONS);
    const { opened, stream, waitOptions } = await this.#open();
    const replays = this.#streams.replays(opened.config);
    const replayer = new ReplayPublisher({
      broker: opened.broker,
      deadLetters: stream,
      replays,
      prefix: opened.config.prefix,
    });
    let ready: Promise<void> | undefined;
    return this.#forEach(action, async (sequence) => {
      ready ??= opened.broker.ensureStream(replays, waitOptions());
      await ready;
      return replayer.replay(sequence, waitOptions());
    });
  }

  async remove({ all, ...action }: DeadLetterRemoval = {}): Promise<DeadLetterResult> {
    checkFilter({ ...action, ...(all !== undefined && { all }) } as DeadLetterAction, REMOVAL_OPTIONS);
    if (all !== true && !isFiltered(action)) {
      throw new InvalidConfiguration(
        "deadLetters.remove: say which, e.g. { service: 'mail-service' }, or give all: true to remove those of every service",
      );
    }
    const { opened, stream, waitOptions } = await this.#open();
    return this.#forEach(action, (sequence) =>
      opened.broker.store.erase(stream, sequence, waitOptions()).catch(throwAsOurs),
    );
  }

  /** Finds all first, so that the changes do not affect the search, and handles copies together with the first of them. */
  async #forEach(action: DeadLetterAction, act: Act): Promise<DeadLetterResult> {
    const { signal, onProgress, dryRun = false } = action;
    const found = await this.#find(action);
    const result = { found: found.length, done: 0, gone: 0, failed: [] as DeadLetterResult['failed'][number][] };
    if (dryRun) return { ...result, done: found.length };
    for (let start = 0; start < found.length && !signal?.aborted; start += CHUNK) {
      const chunk = found.slice(start, start + CHUNK);
      const outcomes = await Promise.all(chunk.map((each) => this.#one(each, act)));
      for (const outcome of outcomes) {
        if (typeof outcome === 'string') result[outcome] += 1;
        else result.failed.push(outcome);
      }
      onProgress?.({ done: Math.min(start + CHUNK, found.length), found: found.length });
    }
    return result;
  }

  async #one(found: Found, act: Act): Promise<'done' | 'gone' | DeadLetterResult['failed'][number]> {
    const [first = 0, ...copies] = found.sequences;
    const { opened, stream, waitOptions } = await this.#open();
    try {
      let done = await act(first);
      for (const copy of copies) {
        // If the first was gone, a copy replaces it; otherwise the copy is removed too.
        if (done) await opened.broker.store.erase(stream, copy, waitOptions());
        else done = await act(copy);
      }
      return done ? 'done' : 'gone';
    } catch (error) {
      if (error instanceof NotReplayable) return { sequence: first, id: found.id, reason: error.message };
      throw error;
    }
  }

  async #find(action: DeadLetterAction): Promise<Found[]> {
    const { fits } = filterOf(action);
    const { browse } = await this.#open();
    const found = new Map<string, Found>();
    const limit = action.limit ?? Number.POSITIVE_INFINITY;
    let chosen = 0;
    for await (const message of browse(action)) {
      if (action.signal?.aborted) return [];
      const letter = decodeDeadLetter(message);
      const entry = found.get(letter.id) ?? { id: letter.id, sequences: [], chosen: false };
      entry.sequences.push(letter.sequence);
      found.set(letter.id, entry);
      if (entry.chosen || chosen >= limit || !fits(letter)) continue;
      entry.chosen = true;
      chosen += 1;
    }
    return [...found.values()].filter((entry) => entry.chosen);
  }

  async #open(): Promise<Access> {
    const opened = this.#lifecycle.opened ?? (await this.#lifecycle.open());
    const { config, broker } = opened;
    const stream = this.#streams.deadLetters(config);
    const timeout = config.api('default').eventFireTimeout;
    const waitOptions = (): WaitOptions => ({ deadline: this.#lifecycle.clock.now() + timeout });
    await broker.connect(waitOptions()).catch(throwAsOurs);
    const browse = async function* (filter: DeadLetterFilter) {
      try {
        yield* broker.store.browse(stream, subjectsOf(deadLetterStream(config.prefix), filter), waitOptions);
      } catch (error) {
        throwAsOurs(error);
      }
    };
    return { opened, stream, waitOptions, browse };
  }
}

/** The broker's timeouts are errors of firing, but nothing is fired here. */
function throwAsOurs(error: unknown): never {
  throw error instanceof EventFireTimeout ? new LightbusError(error.message, { cause: error.cause }) : error;
}

/** What the operations on dead letters need of an open bus. */
interface Access {
  readonly opened: Opened;
  readonly stream: StreamSpec;
  readonly waitOptions: () => WaitOptions;
  readonly browse: (filter: DeadLetterFilter) => AsyncIterable<StoredMessage>;
}

/** The event's own headers, without those that the dead letter adds. */
function eventHeaders(message: StoredMessage): Headers {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(message.headers())) {
    if (!name.startsWith('nats-') && !name.startsWith('lightbus-')) headers[name] = value;
  }
  return headers;
}
