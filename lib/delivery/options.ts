import type { Duration } from '../duration.js';
import type { ReceivedEvent } from '../message/message.js';

/**
 * What happens when a handler fails. The values are what the logs say.
 *
 * ```ts
 * bus.auth.user_deleted.listen(handler, { listenerName: 'cleanup', onError: OnError.ACKNOWLEDGE_AND_LOG });
 * ```
 */
export const OnError = Object.freeze({
  /** The worker stops; the event stays unacknowledged and is redelivered after `acknowledgementTimeout`. The default. */
  SHUTDOWN: 'SHUTDOWN',
  /** The event is acknowledged as if it had been handled, the error is logged, the worker goes on. */
  ACKNOWLEDGE_AND_LOG: 'ACKNOWLEDGE_AND_LOG',
  /** The event is redelivered after the next delay of `backoff`, and becomes a dead letter after `maxAttempts`. */
  RETRY: 'RETRY',
  /** The event becomes a dead letter at once. */
  DEAD_LETTER: 'DEAD_LETTER',
} as const);
export type OnError = (typeof OnError)[keyof typeof OnError];

/**
 * Where a listener starts: `'new'`, with events that are fired from now on; `'beginning'`, with the oldest event that the
 * stream still has; a `Date`, with the first event stored since then; `{ sequence }`, at that sequence of the stream.
 */
export type Since = 'new' | 'beginning' | Date | { readonly sequence: number };

// biome-ignore lint/suspicious/noExplicitAny: a listener of unknown events takes any parameters
type AnyParameters = any;

/** How a listener works. `O` are the parameters that its handler receives, `V` the event. */
export interface ListenOptions<O = AnyParameters, V = ReceivedEvent> {
  /**
   * The listener's name, unique within the service and API. Each listener receives every event it is due, whichever of the
   * service's processes handles it. Its position on the stream belongs to this name: a renamed listener starts anew.
   * Letters, digits and underscores, with single hyphens between them.
   */
  readonly listenerName: string;
  /**
   * What happens when the handler throws or rejects, or a function that decides by the error. A function that itself
   * throws, or returns something else, counts as `SHUTDOWN`.
   * @default OnError.SHUTDOWN
   */
  readonly onError?: OnError | ((error: unknown, event: V) => OnError | Promise<OnError>) | undefined;
  /**
   * After how long an event is delivered again if its process died or failed with `SHUTDOWN`. A handler may take longer: its
   * process renews the lease after each third of this time.
   * @default what the configuration of the API says, 60 seconds unless set
   */
  readonly acknowledgementTimeout?: Duration | undefined;
  /**
   * How many events one process handles at a time. For a handler in threads it is the number of threads, 256 at most: each
   * starts when it is first needed, and takes some 10 MB besides the memory of the handler's own modules.
   * @default 1
   */
  readonly concurrency?: number | undefined;
  /**
   * Keeps strict order over all processes, retries and crashes: one event at a time, at the cost of a round trip for each.
   * Refused with a `concurrency` above 1 and for a listener with several durables.
   * @default false
   */
  readonly ordered?: boolean | undefined;
  /**
   * Returns the key of an event. Events of one key run one after another within one process, those of other keys beside
   * them, up to `concurrency`.
   * @default no key: any event may run beside any other
   */
  readonly orderBy?: ((parameters: O, event: V) => string | number) | undefined;
  /** Where the listener begins; read only when its durable is first created. @default 'new' */
  readonly since?: Since | undefined;
  /** After how many attempts a failing event becomes a dead letter, with `RETRY` and `SHUTDOWN`. @default 10 */
  readonly maxAttempts?: number | undefined;
  /**
   * The delays between attempts with `RETRY`; a list that is too short repeats its last entry.
   * @default 'exponential': from 1 second to 5 minutes, doubling, with jitter
   */
  readonly backoff?: 'exponential' | readonly Duration[] | undefined;
  /**
   * After how long `event.signal` is aborted and the attempt counts as failed. A handler in a thread has half a second to
   * end then, before its thread is ended.
   * @default no limit
   */
  readonly handlerTimeout?: Duration | undefined;
}

/**
 * How a listener takes its events in batches. `concurrency` is the number of batches that run at a time. A batch has its
 * events in the order of the stream, and with a `concurrency` of 1 the batches follow that order too. Later events pass one
 * that is retried, so there is no `ordered` and no `orderBy`.
 */
export interface BatchOptions<O = AnyParameters, V = ReceivedEvent>
  extends Omit<ListenOptions<O, V>, 'ordered' | 'orderBy'> {
  /** How many events a batch holds at most, from 1 to 1000. @default 100 */
  readonly maxSize?: number | undefined;
  /** How long a batch waits to be filled, from the arrival of its first event. @default 1 second */
  readonly maxWait?: Duration | undefined;
}

/** The second argument of a batch handler. */
export interface Batch<V = ReceivedEvent> {
  /** Lets one event fail by itself: `onError` decides about it, and the end of the handler about the others. */
  fail(event: V, error: unknown): void;
}

/** Handles one event. It is acknowledged once this has returned, or its promise has resolved. */
export type Handler<O, V> = (parameters: O, event: V) => unknown;

/** Handles a batch of events, in the order of the stream. */
export type BatchHandler<V> = (events: readonly V[], batch: Batch<V>) => unknown;

/** A recorded listener; it runs while a worker runs. */
export interface Listener {
  readonly listenerName: string;
  /** The APIs that it listens to. */
  readonly apiNames: readonly string[];
  /** The events that it listens to, as `auth.user_created`; `auth.*` for a whole API. */
  readonly events: readonly string[];
}
