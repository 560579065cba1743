import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { NativeId, ReceivedEvent } from '../../message/message.js';
import { type PackedError, unpackError } from './error.js';

/** An event as it is sent to a thread. */
export type PackedEvent = Omit<ReceivedEvent, 'signal'>;

export function packEvent(event: ReceivedEvent): PackedEvent {
  return {
    id: event.id,
    apiName: event.apiName,
    eventName: event.eventName,
    version: event.version,
    parameters: event.parameters,
    attempt: event.attempt,
    replayed: event.replayed,
    firedAt: event.firedAt,
    source: event.source,
    nativeId: event.nativeId,
    headers: event.headers,
  };
}

/** An event as a handler in a thread sees it. Messages from the port abort its signal. */
export class ThreadEvent implements ReceivedEvent {
  readonly id: string;
  readonly apiName: string;
  readonly eventName: string;
  readonly version: number;
  readonly parameters: unknown;
  readonly attempt: number;
  readonly replayed: boolean;
  readonly firedAt: Date;
  readonly source: string | undefined;
  readonly nativeId: NativeId;
  readonly headers: Readonly<Record<string, string>>;
  readonly #controller = new AbortController();
  readonly #port: MessagePort;

  constructor(packed: PackedEvent, port: MessagePort) {
    this.id = packed.id;
    this.apiName = packed.apiName;
    this.eventName = packed.eventName;
    this.version = packed.version;
    this.parameters = packed.parameters;
    this.attempt = packed.attempt;
    this.replayed = packed.replayed;
    this.firedAt = packed.firedAt;
    this.source = packed.source;
    this.nativeId = packed.nativeId;
    // The copy has a prototype, in which a handler could find a header that nobody sent.
    this.headers = Object.assign(Object.create(null), packed.headers);
    this.#port = port;
    port.on('message', (reason: PackedError) => this.#controller.abort(unpackError(reason)));
  }

  /** Reads the port at each call, so that a loop that never waits can look at `event.signal.aborted`. */
  get signal(): AbortSignal {
    const received = receiveMessageOnPort(this.#port) as { message: PackedError } | undefined;
    if (received !== undefined) this.#controller.abort(unpackError(received.message));
    return this.#controller.signal;
  }
}
