import type { StreamConfig } from '../config/config.js';
import type { WireEvent } from '../message/codec.js';
import type { Headers } from '../message/headers.js';

/** Where a durable begins when it is first made. */
export type StartAt = 'new' | 'beginning' | { readonly time: Date } | { readonly sequence: number };

/** A stream as its owner would make it. */
export interface StreamSpec {
  /** Whose stream it is, for errors: `API "auth"`, `dead letters`. */
  readonly purpose: string;
  /** Where it is configured, for errors: `apis.auth.stream`. */
  readonly settings: string;
  readonly name: string;
  /** What it captures, as one pattern. */
  readonly subjects: string;
  readonly retention: 'limits' | 'workqueue';
  /** What gives way when it is full. */
  readonly discard: 'old' | 'new';
  readonly config: StreamConfig;
  /** Whether it is for this service to make it. */
  readonly owned: boolean;
  /** False: never create it, and find it by its subjects, whatever its name. */
  readonly manage: boolean;
}

/** The durable of one listener for one event, or for a whole API. */
export interface DurableSpec {
  readonly stream: StreamSpec;
  readonly name: string;
  readonly filterSubject: string;
  /** Milliseconds; on the server `ack_wait`. */
  readonly lease: number;
  readonly maxAckPending: number;
  readonly startAt: StartAt;
  /** The service works without it: its absence is told of once, and it is looked for only now and then. */
  readonly optional?: boolean;
}

/** The broker's word that an event is stored. */
export interface Stored {
  readonly stream: string;
  readonly sequence: number;
  /** The broker had already stored an event with this id, and dropped this one. */
  readonly duplicate: boolean;
}

/** One hand-over of one event. Settled by `ack` or `nak`, or not at all: then it comes again after its lease. */
export interface Delivery {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly stream: string;
  readonly sequence: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: string;
  /** How often the broker has delivered this event to this durable, this time included. */
  readonly deliveries: number;
  headers(): Headers;
  ack(): void;
  /** Gives it back, to be delivered again after `delay` milliseconds. */
  nak(delay: number): void;
  /** Renews the lease. False if that could not be sent. */
  working(): boolean;
}

/** Takes what a source delivers. Its methods never throw. */
export interface Sink {
  deliver(delivery: Delivery, source: Source): void;
  /** What the source has asked for, or whether it can be asked, has changed. */
  changed(source: Source): void;
}

/** The deliveries of one durable, pulled on request. Looks after its durable by itself, whatever happens to it. */
export interface Source {
  readonly durable: DurableSpec;
  /** The lease that the durable really has, in milliseconds; its server may hold another than was asked for. */
  readonly lease: number;
  /** Whether `pull` will be heard now. */
  readonly ready: boolean;
  /** Deliveries asked for and still to come. */
  readonly asked: number;
  /** The most that should be asked for at once, by the size of its events; one at least. */
  readonly most: number;
  pull(count: number): void;
  /** Takes back what was asked for, without wasting a delivery: what is under way still arrives before this resolves. */
  drain(): Promise<void>;
  /** Ends the source, after `drain`. */
  close(): void;
}

/** A message that a stream keeps. */
export interface StoredMessage {
  readonly subject: string;
  readonly stream: string;
  readonly sequence: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: string;
  /** Empty where only the headers were asked for. */
  readonly body: Uint8Array;
  headers(): Headers;
}

/** What a stream keeps, read and deleted without a durable. */
export interface MessageStore {
  /**
   * The messages that the stream holds now under a pattern of subjects, oldest first, without their bodies; none if there is no such stream.
   *
   * @param waitOptions asked before each request, because a long list takes many
   */
  browse(stream: StreamSpec, subjects: string, waitOptions: () => WaitOptions): AsyncIterable<StoredMessage>;
  /** One message, by a stream or a stream's name; undefined if it is not there. */
  read(stream: StreamSpec | string, sequence: number, waitOptions: WaitOptions): Promise<StoredMessage | undefined>;
  /** Deletes a message; false if it was not there. */
  erase(stream: StreamSpec, sequence: number, waitOptions: WaitOptions): Promise<boolean>;
}

/** What may end waiting: a point in time (as `performance.now()` counts), a signal, or both. */
export interface WaitOptions {
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a bus needs of a message broker. */
export interface Broker {
  /** Resolves once connected. Waits forever unless told otherwise. */
  connect(waitOptions: WaitOptions): Promise<void>;
  /** The largest message that is taken, headers included, in bytes; undefined before the first connection. */
  readonly maxPayload: number | undefined;
  /** Creates the stream if it is missing. @throws StreamConflict */
  ensureStream(stream: StreamSpec, waitOptions: WaitOptions): Promise<void>;
  /** Resolves when the stream, which was ensured before, has stored the event. */
  publish(event: WireEvent, stream: StreamSpec, waitOptions: WaitOptions): Promise<Stored>;
  /** What streams keep. */
  readonly store: MessageStore;
  /** Opens a durable; resolves when it exists, or when its stream turns out not to exist yet. @throws StreamConflict, DurableConflict */
  open(durable: DurableSpec, sink: Sink, waitOptions: WaitOptions): Promise<Source>;
  /** Looks at all open durables and their streams at once, as is done every half minute. */
  lookAgain(): Promise<void>;
  /** Resolves when the server has seen what was sent, acknowledgements included, or the connection is lost. */
  flush(): Promise<void>;
  /** Lets events on their way arrive, sends what is buffered, and closes. */
  close(): Promise<void>;
}
