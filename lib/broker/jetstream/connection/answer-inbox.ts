import { createInbox, type Msg, type NatsConnection, type Subscription } from 'nats';
import type { Connection } from './connection.js';
import { explainMissingRight } from './rights.js';
import { subscribe } from './subscribe.js';

/** How often a refused subscription is tried again, because the server does not report rights that come back. */
const SUBSCRIBE_AGAIN_MS = 2000;

export interface AnswerListener {
  message(message: Msg): void;
  /** Called when no answer can arrive, with the reason. */
  deaf(error: Error): void;
}

/** One subscription for the answers to all publishes. */
export class AnswerInbox {
  readonly #connection: Connection;
  readonly #listener: AnswerListener;
  #inbox = '';
  #subscription: Subscription | undefined;
  #deaf: Error | undefined;
  #resubscribing: NodeJS.Timeout | undefined;

  constructor(connection: Connection, listener: AnswerListener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  /** Why no answer can arrive: the server refuses the subscription. */
  get deaf(): Error | undefined {
    return this.#deaf;
  }

  /** The reply subject for one publish. */
  subjectOf(token: string): string {
    return `${this.#inbox}.${token}`;
  }

  /** @param replaced whether the connection is new and has no subscriptions */
  connected(nats: NatsConnection, replaced: boolean): void {
    if (replaced || this.#deaf !== undefined) this.#subscribe(nats);
  }

  close(): void {
    clearTimeout(this.#resubscribing);
    this.#subscription?.unsubscribe();
  }

  #subscribe(nats: NatsConnection): void {
    clearTimeout(this.#resubscribing);
    this.#inbox = createInbox(this.#connection.inboxPrefix);
    const handlers = {
      message: (message: Msg) => this.#listener.message(message),
      refused: (error: Error) => this.#refused(error),
    };
    const subscription = subscribe(nats, `${this.#inbox}.*`, handlers, this.#connection.logger);
    this.#subscription = subscription;
    if (this.#deaf === undefined) return;
    // A refusal would arrive before the answer to this.
    const works = () => {
      if (this.#subscription === subscription && !subscription.isClosed()) this.#deaf = undefined;
    };
    nats.flush().then(works, () => undefined); // If the connection is lost, the next one subscribes again.
  }

  #refused(error: Error): void {
    this.#deaf = explainMissingRight(error, this.#connection.inboxPrefix) as Error;
    this.#listener.deaf(this.#deaf);
    this.#resubscribing = setTimeout(() => {
      const { nats, connected } = this.#connection;
      if (nats !== undefined && connected) this.#subscribe(nats);
    }, SUBSCRIBE_AGAIN_MS);
    this.#resubscribing.unref();
  }
}
