// biome-ignore lint/suspicious/noExplicitAny: events of unknown APIs carry any JSON value
type AnyParameters = any;

/** Where an event is stored. */
export interface NativeId {
  /** The name of the JetStream stream. */
  readonly stream: string;
  /** The event's sequence on that stream, from 1. */
  readonly sequence: number;
}

/** An event on its way: what `beforeEventSent` sees. */
export interface OutgoingEvent<A extends string = string, E extends string = string, O = AnyParameters> {
  /** The event's id: a UUIDv7 unless `fire` was given one. It stays the same over redeliveries and replays. */
  readonly id: string;
  /** The API's name, e.g. `auth`. */
  readonly apiName: A;
  /** The event's name, e.g. `user_created`. */
  readonly eventName: E;
  /** The version of the API that the event was fired with. */
  readonly version: number;
  /** What the event carries, defaults filled in. */
  readonly parameters: O;
}

/** An event that JetStream has stored: what `fire` resolves to. */
export interface EventMessage<A extends string = string, E extends string = string, O = AnyParameters>
  extends OutgoingEvent<A, E, O> {
  /** Where the event is stored. */
  readonly nativeId: NativeId;
  /** Whether an event of this id had been stored before, so that this one was dropped. */
  readonly duplicate: boolean;
}

/** An event as a handler receives it, with this delivery's circumstances. */
export interface ReceivedEvent<A extends string = string, E extends string = string, O = AnyParameters> {
  /** The event's id, the same in every delivery; `<stream>:<sequence>` where the producer gave none. */
  readonly id: string;
  /** The API's name, e.g. `auth`. */
  readonly apiName: A;
  /** The event's name, e.g. `user_created`; narrows `parameters` where a listener has several events. */
  readonly eventName: E;
  /** The version of the API that the event was fired with; 1 where the producer gave none. */
  readonly version: number;
  /** What the event carries, the same object as the handler's first argument. */
  readonly parameters: O;
  /** Which delivery of this event to this listener it is, from 1: close, not exact (giving back adds one). */
  readonly attempt: number;
  /** Whether it comes from a replayed dead letter. */
  readonly replayed: boolean;
  /** When the event was fired, by the producer's clock; by the server's where the producer gave none. */
  readonly firedAt: Date;
  /** Who fired it, e.g. `/auth-service`; `undefined` where the producer did not say. */
  readonly source: string | undefined;
  /** Where the event is stored; of a replayed event: where the original was. */
  readonly nativeId: NativeId;
  /** The message's headers, names in lowercase; without a prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the worker stops and will not wait longer, or when `handlerTimeout` has passed. */
  readonly signal: AbortSignal;
}
