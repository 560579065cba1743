import { setTimeout as sleep } from 'node:timers/promises';
import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  connect,
  type JetStreamManager,
  type NatsConnection,
  type StoredMsg,
} from 'nats';
import { Type } from 'typebox';
import { Api, type ApiClass, type CreateOptions, create, Event } from '../../lib/index.js';
import { type LogEntry, type RecordedLog, recordLog } from './bus.js';
import type { Nats } from './nats.js';

/** How long a fact may take to come true on a busy machine, before the test says which one did not. */
const PATIENCE_MS = 50_000;

export class ShopApi extends Api {
  static meta = { name: 'shop' } as const;
  order_placed = new Event({ parameters: { number: Type.Integer() } });
  order_paid = new Event({ parameters: { number: Type.Integer() } });
}

export class StockApi extends Api {
  static meta = { name: 'stock' } as const;
  item_moved = new Event({ parameters: { number: Type.Integer() } });
}

/**
 * What the tests of workers need: buses that are closed after each test, what they logged, and the server's own view of
 * it. Each test has a prefix of its own, hence streams and durables of its own.
 */
export function useWorld(nats: Nats): World {
  const world = new World(nats);
  beforeEach('a prefix of its own', () => world.begin());
  afterEach('close the buses', () => world.end());
  return world;
}

let worlds = 0;

export class World {
  readonly #nats: Nats;
  #prefix = '';
  #client: Promise<NatsConnection> | undefined;
  #closers: (() => Promise<unknown>)[] = [];
  /** What the buses of this test have logged. */
  log: RecordedLog = recordLog();

  constructor(nats: Nats) {
    this.#nats = nats;
  }

  begin(): void {
    worlds += 1;
    this.#prefix = `t${worlds}`;
    this.log = recordLog();
  }

  async end(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    this.#closers = [];
    await (await this.#client)?.close();
    this.#client = undefined;
  }

  get prefix(): string {
    return this.#prefix;
  }

  /** A bus of service `other-service`, unless said otherwise; several of them stand for several processes. */
  bus<C extends ApiClass = never>(options: CreateOptions<C> = {}): ReturnType<typeof create<C>> {
    const config = typeof options.config === 'object' ? options.config : {};
    const bus = create<C>({
      serviceName: 'other-service',
      logger: this.log,
      nats: { servers: this.#nats.url },
      ...options,
      config: { prefix: this.#prefix, ...config },
    });
    this.#closers.push(() => bus.client.close());
    return bus;
  }

  /** The logged messages that hold `text`. */
  logged(text: string, level?: string): LogEntry[] {
    return this.log.entries.filter(
      (entry) => entry.message.includes(text) && (level === undefined || entry.level === level),
    );
  }

  /** A plain client, which knows nothing of lightbus. */
  async client(): Promise<NatsConnection> {
    this.#client ??= connect({ servers: this.#nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    return this.#client;
  }

  async manager(): Promise<JetStreamManager> {
    return (await this.client()).jetstreamManager({ checkAPI: false });
  }

  /** Publishes by a plain client, as somebody without lightbus would. */
  async publish(event: string, body: string): Promise<void> {
    await (await this.client()).jetstream().publish(`${this.#prefix}.${event}`, body);
  }

  stream(apiName = 'shop'): string {
    return `${this.#prefix}-${apiName}`;
  }

  async durable(name: string, stream = this.stream()): Promise<ConsumerInfo> {
    return (await this.manager()).consumers.info(stream, name);
  }

  /** Resolves when the durable has nothing left, neither to deliver nor to be acknowledged. */
  async settled(name: string, stream = this.stream()): Promise<void> {
    await until(`${name} has settled everything`, async () => {
      const { num_pending, num_ack_pending } = await this.durable(name, stream);
      return num_pending + num_ack_pending === 0;
    });
  }

  /** Makes a durable by hand, as it would be for `shop.order_placed` but for what `config` says. */
  async addDurable(name: string, config: Partial<ConsumerConfig> = {}, stream = this.stream()): Promise<void> {
    await (await this.manager()).consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      filter_subject: `${this.#prefix}.shop.order_placed`,
      ...config,
    });
  }

  /** What is kept as dead letters, in order. */
  async deadLetters(): Promise<StoredMsg[]> {
    return this.stored(`${this.#prefix}_dead_letters`);
  }

  /** What a stream holds, in order; nothing if there is no such stream. */
  async stored(stream: string): Promise<StoredMsg[]> {
    const manager = await this.manager();
    const state = await manager.streams.info(stream).then(
      (info) => info.state,
      () => undefined,
    );
    const messages: StoredMsg[] = [];
    // An empty stream begins at 0.
    for (let seq = Math.max(1, state?.first_seq ?? 1); seq <= (state?.last_seq ?? 0); seq++) {
      messages.push(await manager.streams.getMessage(stream, { seq }));
    }
    return messages;
  }
}

/** Resolves when `fact` has become true; gives what it gave. */
export async function until<T>(what: string, fact: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = await fact();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}

/** A promise that is resolved by hand. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** 1, 2, … `count`. */
export function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
