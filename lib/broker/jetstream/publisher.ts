import { createInbox, type Msg, type NatsConnection, type PublishOptions, type Subscription } from 'nats';
import { BusAlreadyClosed, EventFireTimeout, LightbusError } from '../../errors.js';
import type { WireEvent } from '../../message/codec.js';
import type { Patience, Stored } from '../broker.js';
import type { Connection } from './connection.js';
import { RefusedPublish, readAnswer } from './publish-answer.js';
import { describeMissingRight, explainMissingRight } from './rights.js';
import { subscribe } from './subscribe.js';

const SWEEP_EVERY_MS = 50;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1000;
/** Without an answer for so long, an event is sent again; the server drops the second of one id. */
const SILENCE_MS = 4000;
/** How often the subscription is tried again that the server refuses: nobody tells of rights that come back. */
const SUBSCRIBE_AGAIN_MS = 2000;

/** One event on its way: sent again with the same id until it is confirmed or time is up. */
interface InFlight {
  readonly event: WireEvent;
  readonly stream: string;
  /** All that the client calls on headers, so that an entry can be given in their place. */
  readonly encode: (this: InFlight) => Uint8Array;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly abort: (() => void) | undefined;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: unknown) => void;
  /** When it is to be sent (again), as `performance.now()` counts. */
  nextTry: number;
  wait: number;
  /** Times it was sent without an answer so far; any of these may have stored it. */
  unanswered: number;
  lastProblem: string | undefined;
}

/** Publishes with confirmation over one subscription of its own: the client's own way costs an error object on every success. */
export class Publisher {
  readonly #connection: Connection;
  readonly #onMissing: (stream: string) => Promise<void>;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #unlisten: () => void;
  #inbox = '';
  #subscription: Subscription | undefined;
  /** Why no answer can arrive: the server refuses the subscription. */
  #deaf: Error | undefined;
  #resubscribing: NodeJS.Timeout | undefined;
  #counter = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param onMissing called when nobody takes an event in, to make its stream again if that is ours to do */
  constructor(connection: Connection, onMissing: (stream: string) => Promise<void>) {
    this.#connection = connection;
    this.#onMissing = onMissing;
    this.#unlisten = connection.listen({
      connected: (nats, replaced) => this.#connected(nats, replaced),
      forbidden: (operation, subject) => this.#forbidden(operation, subject),
    });
  }

  /**
   * Resolves when the event is stored.
   *
   * @param stream the only one whose answer counts
   * @throws EventFireTimeout, whose `stored` says whether it may have been stored; LightbusError for what the server refuses
   */
  publish(event: WireEvent, stream: string, patience: Patience): Promise<Stored> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new BusAlreadyClosed('The bus is closed; create another one'));
      if (this.#deaf !== undefined) return reject(this.#deaf);
      const token = (++this.#counter).toString(36);
      const { signal } = patience;
      // It tells nobody who listens from now on.
      if (signal?.aborted) return reject(signal.reason);
      const abort = signal && (() => this.#settle(token)?.reject(signal.reason));
      const entry: InFlight = {
        event,
        stream,
        encode: encodeHeaders,
        deadline: patience.deadline ?? Number.POSITIVE_INFINITY,
        signal,
        abort,
        resolve,
        reject,
        nextTry: 0,
        wait: RETRY_MIN_MS,
        unanswered: 0,
        lastProblem: undefined,
      };
      if (abort) signal.addEventListener('abort', abort, { once: true });
      this.#inFlight.set(token, entry);
      this.#send(token, entry);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
    });
  }

  /** Whether events are on their way. */
  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Rejects what is still on its way. */
  close(): void {
    this.#closed = true;
    this.#unlisten();
    clearInterval(this.#sweeper);
    clearTimeout(this.#resubscribing);
    for (const token of [...this.#inFlight.keys()]) {
      const entry = this.#settle(token);
      entry?.reject(
        new EventFireTimeout(`The bus was closed before ${entry.event.subject} was confirmed`, {
          stored: storedBy(entry),
        }),
      );
    }
    this.#subscription?.unsubscribe();
  }

  #connected(nats: NatsConnection, replaced: boolean): void {
    if (replaced || this.#deaf !== undefined) this.#subscribe(nats);
    // The client drops what it had buffered when the connection was lost.
    for (const [token, entry] of this.#inFlight) this.#send(token, entry);
  }

  #subscribe(nats: NatsConnection): void {
    clearTimeout(this.#resubscribing);
    this.#inbox = createInbox(this.#connection.inboxPrefix);
    const handlers = {
      message: (message: Msg) => this.#answered(message),
      refused: (error: Error) => this.#refused(error),
    };
    const subscription = subscribe(nats, `${this.#inbox}.*`, handlers, this.#connection.logger);
    this.#subscription = subscription;
    if (this.#deaf === undefined) return;
    // A refusal would come before the answer to this.
    const works = () => {
      if (this.#subscription === subscription && !subscription.isClosed()) this.#deaf = undefined;
    };
    nats.flush().then(works, () => undefined); // A lost connection: the next one subscribes anew.
  }

  /** Without this subscription no answer arrives: whoever fires is told at once, until the right is there again. */
  #refused(error: Error): void {
    const deaf = explainMissingRight(error, this.#connection.inboxPrefix) as Error;
    this.#deaf = deaf;
    for (const token of [...this.#inFlight.keys()]) {
      const entry = this.#settle(token);
      if (entry === undefined) continue;
      const stored = storedBy(entry);
      entry.reject(stored === 'no' ? deaf : new EventFireTimeout(deaf.message, { stored, cause: deaf }));
    }
    this.#resubscribing = setTimeout(() => {
      const { nats, connected } = this.#connection;
      if (nats !== undefined && connected) this.#subscribe(nats);
    }, SUBSCRIBE_AGAIN_MS);
    this.#resubscribing.unref();
  }

  #send(token: string, entry: InFlight): void {
    const nats = this.#connection.nats;
    entry.nextTry = performance.now() + SILENCE_MS;
    if (nats === undefined || !this.#connection.connected) return;
    try {
      nats.publish(entry.event.subject, entry.event.body, {
        reply: `${this.#inbox}.${token}`,
        // All that the client asks of headers is `encode`; its own kind costs more than the rest of a publish.
        headers: entry as unknown as NonNullable<PublishOptions['headers']>,
      });
      entry.unanswered += 1;
    } catch (error) {
      entry.lastProblem = (error as Error).message;
    }
  }

  #answered(message: Msg): void {
    const subject = message.subject;
    const token = subject.slice(subject.lastIndexOf('.') + 1);
    const entry = this.#inFlight.get(token);
    if (entry === undefined) return;
    const answer = readAnswer(message, entry.stream);
    if (answer === undefined) {
      // Whoever subscribes to the subject can answer; the stream's own answer may be still to come.
      entry.lastProblem = `something that is not the stream ${entry.stream} answered; see which service listens on this subject`;
      return;
    }
    if (answer === 'nobody') return this.#nobodyThere(entry);
    if (!(answer instanceof RefusedPublish)) {
      this.#settle(token)?.resolve(answer);
    } else if (answer.transient) {
      this.#notStored(entry, answer.message);
    } else {
      this.#settle(token)?.reject(answer.toError(entry.event.subject));
    }
  }

  /** No stream captures the subject: there is none, or it has no leader just now. Surely not stored. */
  #nobodyThere(entry: InFlight): void {
    this.#notStored(entry, `no stream took it in; ${entry.stream} is missing, or without a leader just now`);
    this.#onMissing(entry.stream).catch((error: unknown) => {
      entry.lastProblem = error instanceof Error ? error.message : String(error);
    });
  }

  #notStored(entry: InFlight, problem: string): void {
    entry.unanswered -= 1;
    entry.lastProblem = problem;
    entry.nextTry = performance.now() + entry.wait;
    entry.wait = Math.min(entry.wait * 2, RETRY_MAX_MS);
  }

  #forbidden(operation: string, subject: string): void {
    if (operation !== 'publish') return;
    for (const [token, entry] of this.#inFlight) {
      if (entry.event.subject !== subject) continue;
      this.#settle(token)?.reject(new LightbusError(describeMissingRight({ operation, subject })));
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const [token, entry] of this.#inFlight) {
      if (entry.deadline <= now) this.#settle(token)?.reject(this.#gaveUp(entry));
      else if (entry.nextTry <= now) this.#send(token, entry);
    }
    if (this.#inFlight.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #settle(token: string): InFlight | undefined {
    const entry = this.#inFlight.get(token);
    if (entry === undefined) return undefined;
    this.#inFlight.delete(token);
    if (entry.abort) entry.signal?.removeEventListener('abort', entry.abort);
    return entry;
  }

  #gaveUp(entry: InFlight): EventFireTimeout {
    const connected = this.#connection.connected ? '' : `there is no connection to ${this.#connection.address}; `;
    const problem = connected + (entry.lastProblem ?? 'the server did not answer');
    const stored = storedBy(entry);
    const verdict =
      stored === 'no'
        ? 'It was not stored.'
        : 'It may have been stored: fire it again with the same id, and the server keeps one of them.';
    return new EventFireTimeout(`${entry.event.subject} was not confirmed within its timeout: ${problem}. ${verdict}`, {
      stored,
    });
  }
}

function encodeHeaders(this: InFlight): Uint8Array {
  return this.event.headers;
}

function storedBy(entry: InFlight): 'no' | 'maybe' {
  return entry.unanswered > 0 ? 'maybe' : 'no';
}
