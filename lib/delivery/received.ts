import type { Headers } from '../message/headers.js';
import type { NativeId, ReceivedEvent } from '../message/message.js';

/** An event as its handler sees it. What costs time and few ask for is made when it is asked for. */
export class Received implements ReceivedEvent {
  readonly id: string;
  readonly apiName: string;
  readonly eventName: string;
  readonly version: number;
  readonly parameters: Record<string, unknown>;
  readonly attempt: number;
  readonly replayed: boolean;
  readonly firedAt: Date;
  readonly source: string | undefined;
  readonly nativeId: NativeId;
  readonly headers: Headers;
  #controller: AbortController | undefined;
  #abortReason: unknown;

  constructor(event: Omit<ReceivedEvent, 'signal'> & { parameters: Record<string, unknown> }) {
    this.id = event.id;
    this.apiName = event.apiName;
    this.eventName = event.eventName;
    this.version = event.version;
    this.parameters = event.parameters;
    this.attempt = event.attempt;
    this.replayed = event.replayed;
    this.firedAt = event.firedAt;
    this.source = event.source;
    this.nativeId = event.nativeId;
    this.headers = event.headers;
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
}

function abortedController(reason: unknown): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}
