import type { Delivery, DurableSpec, Sink, Source } from '../../../lib/broker/broker.js';

/** What an event does in its process: `running` in its handler, or `retrying` later. */
export type Twin = 'running' | 'retrying' | undefined;

/** One hand-over, and what became of it. */
export interface HandOver {
  readonly sequence: number;
  readonly deliveries: number;
  readonly number: number;
  /** What the server was told, in order: `ack`, `nak <delay>`. */
  readonly told: string[];
  /** When its lease ends, by the server's book. */
  deadline: number;
  /** It was given back when its lease was over, when another process might have had the event. */
  late: boolean;
  /** Where its event was in this process already, because an earlier lease had ended unnoticed. */
  readonly copyOf: Twin;
}

/** What the server holds of an event: who has it, or from when on it may be delivered. */
interface Entry {
  readonly sequence: number;
  deliveries: number;
  from: number;
  holder: HandOver | undefined;
}

/**
 * A server's book-keeping of one durable, without a server: leases, redeliveries and delays, by whatever clock
 * `performance.now` reads. It acts when `serve` is called.
 */
export class FakeServer implements Source {
  readonly durable = { name: 'service--listener--happened' } as DurableSpec;
  readonly handed: HandOver[] = [];
  ready = true;
  asked = 0;
  readonly most = Number.POSITIVE_INFINITY;
  readonly #entries: Entry[] = [];
  readonly #body: (sequence: number) => { subject: string; body: Uint8Array };
  readonly lease: number;
  readonly #twinOf: (sequence: number) => Twin;
  #sink: Sink | undefined;
  #published = 0;

  /** @param twinOf what an event does in this process */
  constructor(
    lease: number,
    body: (sequence: number) => { subject: string; body: Uint8Array },
    twinOf: (sequence: number) => Twin,
  ) {
    this.lease = lease;
    this.#body = body;
    this.#twinOf = twinOf;
  }

  attach(sink: Sink): void {
    this.#sink = sink;
    sink.changed(this);
  }

  publish(count: number): void {
    for (let each = 0; each < count; each++) {
      this.#published += 1;
      this.#entries.push({ sequence: this.#published, deliveries: 0, from: 0, holder: undefined });
    }
  }

  /** The events that are not acknowledged. */
  get unsettled(): number[] {
    return this.#entries.map(({ sequence }) => sequence);
  }

  disconnect(): void {
    this.ready = false;
    this.asked = 0;
    this.#sink?.changed(this);
  }

  reconnect(): void {
    this.ready = true;
    this.#sink?.changed(this);
  }

  /** Ends leases that are over, and delivers what was asked for. */
  serve(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.holder !== undefined && entry.holder.deadline <= now) entry.holder = undefined;
    }
    while (this.ready && this.asked > 0) {
      const entry = this.#entries.find(({ holder, from }) => holder === undefined && from <= now);
      if (entry === undefined) return;
      this.asked -= 1;
      this.#handOver(entry);
    }
  }

  pull(count: number): void {
    this.asked += count;
  }

  async drain(): Promise<void> {
    await Promise.resolve();
    this.serve(); // What is under way still arrives.
    this.asked = 0;
  }

  close(): void {
    this.ready = false;
  }

  #handOver(entry: Entry): void {
    entry.deliveries += 1;
    const hand: HandOver = {
      sequence: entry.sequence,
      deliveries: entry.deliveries,
      number: this.handed.length,
      told: [],
      deadline: performance.now() + this.lease,
      late: false,
      copyOf: this.#twinOf(entry.sequence),
    };
    this.handed.push(hand);
    entry.holder = hand;
    this.#sink?.deliver(this.#delivery(entry, hand), this);
  }

  #delivery(entry: Entry, hand: HandOver): Delivery {
    return {
      ...this.#body(entry.sequence),
      stream: 'lightbus-test',
      sequence: entry.sequence,
      timestamp: '1700000000000000000',
      deliveries: entry.deliveries,
      headers: () => ({ 'hand-over': String(hand.number) }),
      ack: () => {
        hand.told.push('ack');
        const at = this.#entries.indexOf(entry);
        if (this.ready && at >= 0) this.#entries.splice(at, 1);
      },
      nak: (delay) => {
        hand.told.push(`nak ${delay}`);
        hand.late = hand.deadline <= performance.now();
        if (!this.ready) return;
        entry.holder = undefined;
        entry.from = performance.now() + delay;
      },
      working: () => {
        // As a server does it: whoever says so renews the lease of the event, be it another's by now.
        if (this.ready && entry.holder !== undefined) entry.holder.deadline = performance.now() + this.lease;
        return this.ready;
      },
    };
  }
}
