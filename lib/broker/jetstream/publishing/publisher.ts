import type { Msg, NatsConnection, PublishOptions } from 'nats';
import { BusAlreadyClosed, EventFireTimeout, LightbusError } from '../../../errors.js';
import type { WireEvent } from '../../../message/codec.js';
import type { Stored, WaitOptions } from '../../broker.js';
import { RetryDelay } from '../../retry-delay.js';
import { AnswerInbox } from '../connection/answer-inbox.js';
import type { Connection } from '../connection/connection.js';
import { describeMissingRight } from '../connection/rights.js';
import { RefusedPublish, readAnswer } from './answer.js';
import { encodeHeaders, type InFlight, mayBeSent, notConfirmed, type PublishTarget, storedBy } from './in-flight.js';

const SWEEP_EVERY_MS = 50;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1000;
/** An event is sent again after this time without an answer; the server drops the second of one id. */
const SILENCE_MS = 4000;

/** Publishes with confirmation over one subscription of its own: the client's own way costs an error object on every success. */
export class Publisher {
  readonly #connection: Connection;
  readonly #onMissing: (stream: string) => Promise<void>;
  readonly #inFlight = new Map<string, InFlight>();
  readonly #unlisten: () => void;
  readonly #inbox: AnswerInbox;
  #counter = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param onMissing called when nobody takes an event in, to make its stream again if that is ours to do */
  constructor(connection: Connection, onMissing: (stream: string) => Promise<void>) {
    this.#connection = connection;
    this.#onMissing = onMissing;
    this.#inbox = new AnswerInbox(connection, {
      message: (message) => this.#answered(message),
      deaf: (error) => this.#deaf(error),
    });
    this.#unlisten = connection.listen({
      connected: (nats, replaced) => this.#connected(nats, replaced),
      forbidden: (operation, subject) => this.#forbidden(operation, subject),
    });
  }

  /**
   * Resolves when the event is stored.
   *
   * @throws EventFireTimeout, whose `stored` says whether it may have been stored; LightbusError for what the server refuses
   */
  publish(event: WireEvent, target: PublishTarget, waitOptions: WaitOptions): Promise<Stored> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new BusAlreadyClosed('The bus is closed; create another one'));
      if (this.#inbox.deaf !== undefined) return reject(this.#inbox.deaf);
      const token = (++this.#counter).toString(36);
      const { signal } = waitOptions;
      // An aborted signal does not call new listeners.
      if (signal?.aborted) return reject(signal.reason);
      const abort = signal && (() => this.#settle(token)?.reject(signal.reason));
      const entry: InFlight = {
        event,
        target,
        encode: encodeHeaders,
        deadline: waitOptions.deadline ?? Number.POSITIVE_INFINITY,
        signal,
        abort,
        resolve,
        reject,
        nextTry: 0,
        delay: undefined,
        unanswered: 0,
        firstSent: 0,
        lastProblem: undefined,
      };
      if (abort) signal.addEventListener('abort', abort, { once: true });
      this.#inFlight.set(token, entry);
      this.#send(token, entry);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
    });
  }

  /** Whether events are not confirmed yet. */
  get busy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Rejects all events that are not confirmed yet. */
  close(): void {
    this.#closed = true;
    this.#unlisten();
    clearInterval(this.#sweeper);
    for (const token of [...this.#inFlight.keys()]) {
      const entry = this.#settle(token);
      entry?.reject(
        new EventFireTimeout(`The bus was closed before ${entry.event.subject} was confirmed`, {
          stored: storedBy(entry),
        }),
      );
    }
    this.#inbox.close();
  }

  #connected(nats: NatsConnection, replaced: boolean): void {
    this.#inbox.connected(nats, replaced);
    // The client dropped its buffer when the connection was lost.
    const now = performance.now();
    for (const [token, entry] of this.#inFlight) if (mayBeSent(entry, now)) this.#send(token, entry);
  }

  /** No answer can arrive, so every fire is rejected at once. */
  #deaf(error: Error): void {
    for (const token of [...this.#inFlight.keys()]) {
      const entry = this.#settle(token);
      if (entry === undefined) continue;
      const stored = storedBy(entry);
      entry.reject(stored === 'no' ? error : new EventFireTimeout(error.message, { stored, cause: error }));
    }
  }

  #send(token: string, entry: InFlight): void {
    const nats = this.#connection.nats;
    const now = performance.now();
    entry.nextTry = now + SILENCE_MS;
    if (nats === undefined || !this.#connection.connected) return;
    try {
      nats.publish(entry.event.subject, entry.event.body, {
        reply: this.#inbox.subjectOf(token),
        // The client calls only `encode` on headers; its own class costs more than the rest of a publish.
        headers: entry as unknown as NonNullable<PublishOptions['headers']>,
      });
      if (entry.unanswered === 0) entry.firstSent = now;
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
    const answer = readAnswer(message, entry.target);
    if (answer === undefined) {
      // Every subscriber of the subject can answer; the stream's own answer may still come.
      entry.lastProblem = `something that is not the stream ${entry.target.stream} answered; see which service listens on this subject`;
      return;
    }
    if (answer === 'nobody') return this.#nobodyThere(entry);
    if (!(answer instanceof RefusedPublish)) {
      this.#settle(token)?.resolve(answer);
    } else if (answer.meaning === 'not now') {
      this.#notStored(entry, answer.message);
    } else if (answer.meaning === 'unknown') {
      this.#tryLater(entry, answer.message);
    } else {
      this.#settle(token)?.reject(answer.toError(entry.event.subject, entry.target.settings));
    }
  }

  /** No stream captures the subject: there is none, or it has no leader. It was certainly not stored. */
  #nobodyThere(entry: InFlight): void {
    this.#notStored(entry, `no stream took it in; ${entry.target.stream} is missing, or without a leader just now`);
    this.#onMissing(entry.target.stream).catch((error: unknown) => {
      entry.lastProblem = error instanceof Error ? error.message : String(error);
    });
  }

  #notStored(entry: InFlight, problem: string): void {
    entry.unanswered -= 1;
    this.#tryLater(entry, problem);
  }

  #tryLater(entry: InFlight, problem: string): void {
    entry.lastProblem = problem;
    entry.delay ??= new RetryDelay(RETRY_MIN_MS, RETRY_MAX_MS);
    entry.nextTry = performance.now() + entry.delay.next();
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
    const silent: string[] = [];
    for (const [token, entry] of this.#inFlight) {
      if (entry.deadline <= now) this.#settle(token)?.reject(this.#notConfirmed(entry));
      else if (entry.nextTry > now) continue;
      else if (entry.unanswered === 0) this.#send(token, entry);
      else {
        entry.nextTry = now + SILENCE_MS;
        silent.push(token);
      }
    }
    if (silent.length > 0) this.#sendAgain(silent);
    if (this.#inFlight.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /**
   * Sends events again after the server has read everything that was sent before: on a slow link the first copies may still
   * wait here, and second copies would slow it down further.
   */
  #sendAgain(tokens: readonly string[]): void {
    const { nats, connected } = this.#connection;
    if (nats === undefined || !connected) return;
    const send = () => {
      const now = performance.now();
      for (const token of tokens) {
        const entry = this.#inFlight.get(token);
        if (entry !== undefined && mayBeSent(entry, now)) this.#send(token, entry);
      }
    };
    nats.flush().then(send, () => undefined); // If the connection is lost, all are sent again over the next one.
  }

  #settle(token: string): InFlight | undefined {
    const entry = this.#inFlight.get(token);
    if (entry === undefined) return undefined;
    this.#inFlight.delete(token);
    if (entry.abort) entry.signal?.removeEventListener('abort', entry.abort);
    return entry;
  }

  #notConfirmed(entry: InFlight): Error {
    const { connected, address } = this.#connection;
    return notConfirmed(entry, connected ? undefined : `there is no connection to ${address}`);
  }
}
