import type { Delivery, DurableSpec, Source } from '../../../lib/broker/broker.js';
import { systemClock } from '../../../lib/clock.js';
import { BatchRunner } from '../../../lib/delivery/handling/batch.js';
import { EventRunner, type RunnerOptions } from '../../../lib/delivery/handling/runner.js';
import { OnError } from '../../../lib/delivery/options.js';
import type { BatchLimits } from '../../../lib/delivery/scheduling/batch-buffer.js';
import { ListenerLoop } from '../../../lib/delivery/scheduling/loop.js';
import { PendingDelivery } from '../../../lib/delivery/scheduling/pending-delivery.js';
import { suspicionOf } from '../../../lib/delivery/scheduling/suspicion.js';
import { type RecordedLog, recordLog } from '../../support/bus.js';

/** A source of which a test hands deliveries over itself; it notes what is asked of it. */
export class FakeSource implements Source {
  readonly pulls: number[] = [];
  readonly lease: number;
  readonly durable: DurableSpec;
  readonly stream: string;
  readonly ready = true;
  asked = 0;
  readonly most = Number.POSITIVE_INFINITY;

  constructor(stream = 'lightbus-shop', lease = 60_000) {
    this.stream = stream;
    this.lease = lease;
    this.durable = { name: `service--listener--${stream}` } as DurableSpec;
  }

  pull(count: number): void {
    this.pulls.push(count);
    this.asked += count;
  }

  async drain(): Promise<void> {
    this.asked = 0;
  }

  close(): void {}
}

/** A delivery, and what the server was told of it. */
export interface FakeDelivery extends Delivery {
  readonly told: string[];
}

/** What every replay of ours bears. */
const ORIGIN = {
  'lightbus-stream': 'lightbus-shop',
  'lightbus-sequence': '1',
  'lightbus-timestamp': '1700000000000000001',
};

export function delivery(sequence: number, { stream = 'lightbus-shop', deliveries = 1 } = {}): FakeDelivery {
  const told: string[] = [];
  return {
    subject: 'lightbus.shop.order_placed',
    body: Buffer.from(`{"number":${sequence}}`),
    stream,
    sequence,
    timestamp: `17000000000000000${sequence}`,
    deliveries,
    told,
    headers: () => (stream === 'lightbus_replays' ? ORIGIN : {}),
    ack: () => void told.push('ack'),
    nak: (delay) => void told.push(`nak ${delay}`),
    working: () => told.push('working') > 0,
  };
}

export interface FakeListener {
  readonly loop: ListenerLoop;
  readonly log: RecordedLog;
  readonly source: FakeSource;
  /** Hands a delivery over; `replayed` as the replays do. */
  hand(given: FakeDelivery, source?: FakeSource, replayed?: boolean): FakeDelivery;
}

/** A listener without a server. */
export function listen(
  { failed = () => undefined, ...parts }: Partial<RunnerOptions> & { failed?: (error: unknown) => void },
  options: { concurrency?: number; batches?: BatchLimits; lease?: number } = {},
): FakeListener {
  const log = recordLog();
  const source = new FakeSource('lightbus-shop', options.lease);
  const all: RunnerOptions = {
    clock: systemClock,
    name: 'listener',
    logger: log,
    lookup: () => ({ apiName: 'shop', eventName: 'order_placed', contract: undefined, validate: true }),
    handler: () => undefined,
    orderBy: undefined,
    onError: OnError.RETRY,
    policy: { maxAttempts: 10, backoff: () => 70 },
    handlerTimeout: undefined,
    before: () => undefined,
    after: () => undefined,
    giveUp: async () => undefined,
    ...parts,
  };
  const loop = new ListenerLoop({
    clock: systemClock,
    name: 'listener',
    concurrency: options.concurrency ?? 1,
    byKey: parts.orderBy !== undefined,
    batches: options.batches,
    suspicionOf: (held) => suspicionOf(held.attempt, all.policy),
    logger: log,
    runner: options.batches ? new BatchRunner(all as never) : new EventRunner(all),
    failed,
  });
  loop.changed(source);
  return {
    loop,
    log,
    source,
    hand(given, from = source, replayed = false) {
      if (from.asked > 0) from.asked -= 1;
      if (replayed) loop.accept(new PendingDelivery(given, from, loop.sentAt(performance.now()), true));
      else loop.deliver(given, from);
      return given;
    },
  };
}
