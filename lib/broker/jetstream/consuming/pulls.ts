import { createInbox, type Msg, type NatsConnection, type Subscription } from 'nats';
import type { Connection } from '../connection/connection.js';
import { subscribe } from '../connection/subscribe.js';
import { statusOf } from '../wire/status.js';

const MAX_PULL_MS = 30_000;
/** Heartbeats distinguish a dead pull from an idle one; servers refuse an interval of more than half of the pull's time. */
const MAX_HEARTBEAT_MS = 10_000;
const MISSED_HEARTBEATS = 2;
/** The shortest interval, even for short pulls: a busy machine or a slow network delays heartbeats by as much. */
const LEAST_SILENCE_MS = 10_000;
const NS_PER_MS = 1_000_000;

/** Why pulls ended: `'expired'` as usual, `'gone'` the durable does not exist, `'refused'` it allows no such pulls, `'trouble'` anything else. */
export type Ended = 'expired' | 'gone' | 'refused' | 'trouble';

/** The limits of a durable on pulls. */
export interface PullLimits {
  readonly maxBatch: number;
  /** Milliseconds. */
  readonly maxExpires: number;
}

export const NO_PULL_LIMITS: PullLimits = {
  maxBatch: Number.POSITIVE_INFINITY,
  maxExpires: Number.POSITIVE_INFINITY,
};

/** Receives what pulls bring. Its methods never throw. */
export interface PullEvents {
  message(message: Msg): void;
  ended(how: Ended, reason: string): void;
}

/**
 * The pulls of one durable. Each has an inbox of its own, `<inbox>.<n>`, so that the status with which the server ends it
 * belongs to it for certain. Deliveries do not say which pull they answer, so only their sum is counted.
 */
export class Pulls {
  readonly #connection: Connection;
  readonly #events: PullEvents;
  readonly #lease: () => number;
  readonly #limits: () => PullLimits;
  readonly #open = new Map<string, number>();
  #subscription: Subscription | undefined;
  #inbox = '';
  #counter = 0;
  #asked = 0;
  #heard = 0;
  #heartbeat = MAX_HEARTBEAT_MS;

  /**
   * @param lease of the durable, in milliseconds, at the time of each pull
   * @param limits of the durable, at the time of each pull
   */
  constructor(
    connection: Connection,
    events: PullEvents,
    lease: () => number,
    limits: () => PullLimits = () => NO_PULL_LIMITS,
  ) {
    this.#connection = connection;
    this.#events = events;
    this.#lease = lease;
    this.#limits = limits;
  }

  /** Whether one of these pulls may be open on the server. */
  get begun(): boolean {
    return this.#subscription !== undefined;
  }

  /** How many deliveries were requested and have not arrived. */
  get asked(): number {
    return this.#asked;
  }

  pull(nats: NatsConnection, subject: string, wanted: number): void {
    const { maxBatch, maxExpires } = this.#limits();
    const count = Math.min(wanted, maxBatch);
    this.#subscription ??= this.#subscribe(nats);
    const id = (++this.#counter).toString(36);
    if (this.#asked === 0) {
      this.#open.clear(); // All open pulls have been answered in full.
      this.#heard = performance.now();
    }
    this.#open.set(id, count);
    this.#asked += count;
    const expires = Math.max(1, Math.min(pullLength(this.#lease()), maxExpires));
    const heartbeat = heartbeatOf(expires);
    this.#heartbeat = heartbeat;
    const request = `{"batch":${count},"expires":${expires * NS_PER_MS},"idle_heartbeat":${heartbeat * NS_PER_MS}}`;
    nats.publish(subject, Buffer.from(request), { reply: `${this.#inbox}.${id}` });
  }

  /** Counts a delivery for these pulls. */
  delivered(): void {
    if (this.#asked > 0) this.#asked -= 1;
    this.#heard = performance.now();
  }

  /** Whether the server owes us heartbeats. */
  get silent(): boolean {
    const longest = Math.max(LEAST_SILENCE_MS, this.#heartbeat * (MISSED_HEARTBEATS + 0.5));
    return this.#asked > 0 && performance.now() - this.#heard > longest;
  }

  /** Forgets the requests; late deliveries still count. */
  forget(): void {
    this.#open.clear();
    this.#asked = 0;
  }

  /** Forgets the subscription too: its connection is gone. */
  detach(): void {
    this.forget();
    this.#subscription = undefined;
  }

  /**
   * Ends the pulls without losing a delivery: the server drops a pull whose inbox has no subscription, and messages that it
   * sent before still arrive (UNSUB, PING, and messages until the PONG).
   */
  async drain(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    if (subscription === undefined) return;
    if (this.#connection.connected && !subscription.isClosed()) {
      await this.#connection.answered(subscription.drain());
    } else {
      subscription.unsubscribe();
    }
    this.forget();
  }

  #subscribe(nats: NatsConnection): Subscription {
    // A new inbox each time: an older pull that is still open must not find it.
    this.#inbox = createInbox(this.#connection.inboxPrefix);
    const handlers = {
      message: (message: Msg) => this.#received(message),
      refused: (error: Error) => {
        this.detach();
        this.#events.ended('trouble', error.message);
      },
    };
    return subscribe(nats, `${this.#inbox}.*`, handlers, this.#connection.logger);
  }

  #received(message: Msg): void {
    if (message.reply || message.data.length > 0) return this.#events.message(message);
    const status = statusOf(message);
    if (status === undefined) return;
    this.#heard = performance.now();
    if (status.code === 100) return;
    const id = message.subject.slice(this.#inbox.length + 1);
    const count = this.#open.get(id);
    if (count === undefined) return;
    this.#open.delete(id);
    // Servers say how many deliveries of the pull are left. One that does not has ended the oldest pull, and cannot owe more than the others requested.
    const pending = Number(status.headers['nats-pending-messages'] ?? Number.NaN);
    const others = [...this.#open.values()].reduce((sum, each) => sum + each, 0);
    this.#asked = pending >= 0 ? Math.max(0, this.#asked - pending) : Math.min(this.#asked, others);
    this.#events.ended(meaningOf(status.code, status.description), `${status.code} ${status.description}`);
  }
}

/**
 * How long a pull lasts, in milliseconds. Servers before 2.10.14 deliver the last event again if an event is due for
 * redelivery while only pulls of a dead process are open. After half a lease those pulls are gone, before its events are due.
 */
export function pullLength(lease: number): number {
  return Math.max(1, Math.min(MAX_PULL_MS, Math.floor(lease / 2)));
}

function heartbeatOf(expires: number): number {
  return Math.min(MAX_HEARTBEAT_MS, Math.floor(expires / 3));
}

function meaningOf(code: number, description: string): Ended {
  if (code === 408) return 'expired';
  if (code === 404 || code === 503 || /deleted/i.test(description)) return 'gone';
  // The same pull would be refused again: it needs another durable, or other pulls.
  if (code === 400 || code === 423 || /^(Exceeded|Consumer is push)/i.test(description)) return 'refused';
  return 'trouble';
}
