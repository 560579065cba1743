import { readFiredAt, readId, readSource, readVersion, type StoredAt } from '../message/codec.js';
import type { Headers } from '../message/headers.js';
import type { NativeId, ReceivedEvent } from '../message/message.js';

/** What is known of an event before its headers are read, and how to read them. */
export interface Arrived {
  readonly apiName: string;
  readonly eventName: string;
  readonly parameters: Record<string, unknown>;
  readonly attempt: number;
  readonly replayed: boolean;
  /** Where the event is stored; of a replayed one, where the original was. */
  readonly origin: StoredAt;
  readonly delivery: { headers(): Headers };
}

/** An event as its handler sees it. Properties that are costly and rarely used are computed on first use. */
export class Received implements ReceivedEvent {
  readonly apiName: string;
  readonly eventName: string;
  readonly parameters: Record<string, unknown>;
  readonly attempt: number;
  readonly replayed: boolean;
  readonly #origin: StoredAt;
  readonly #delivery: { headers(): Headers };
  #headers: Headers | undefined;
  #firedAt: Date | undefined;
  #controller: AbortController | undefined;
  #abortReason: unknown;

  constructor(arrived: Arrived) {
    this.apiName = arrived.apiName;
    this.eventName = arrived.eventName;
    this.parameters = arrived.parameters;
    this.attempt = arrived.attempt;
    this.replayed = arrived.replayed;
    this.#origin = arrived.origin;
    this.#delivery = arrived.delivery;
  }

  get id(): string {
    return readId(this.headers, this.#origin);
  }

  get version(): number {
    return readVersion(this.headers);
  }

  get firedAt(): Date {
    this.#firedAt ??= readFiredAt(this.headers, this.#origin);
    return this.#firedAt;
  }

  get source(): string | undefined {
    return readSource(this.headers);
  }

  get nativeId(): NativeId {
    const { stream, sequence } = this.#origin;
    return { stream, sequence };
  }

  get headers(): Headers {
    this.#headers ??= this.#delivery.headers();
    return this.#headers;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#abortReason === undefined ? new AbortController() : abortedController(this.#abortReason);
    return this.#controller.signal;
  }

  /** Aborts `signal`. */
  abort(reason: unknown): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  /** For JSON, which does not see the getters. */
  toJSON(): Omit<ReceivedEvent, 'signal'> {
    const { id, apiName, eventName, version, parameters, attempt, replayed, firedAt, source, nativeId, headers } = this;
    return { id, apiName, eventName, version, parameters, attempt, replayed, firedAt, source, nativeId, headers };
  }

  /** For `console.log`, which does not see them either. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON();
  }
}

function abortedController(reason: unknown): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}
