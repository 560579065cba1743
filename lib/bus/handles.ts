import type { NatsOptions } from '../config/nats-options.js';
import type { ConfigInput } from '../config/options.js';
import type { ApiClass } from '../definition/api.js';
import type { EventShape, FiredParameters, ReceivedParameters } from '../definition/event.js';
import type { BatchHandler, BatchOptions, Handler, Listener, ListenOptions } from '../delivery/options.js';
import type { Duration } from '../duration.js';
import type { Logger } from '../logger.js';
import type { EventMessage, OutgoingEvent, ReceivedEvent } from '../message/message.js';
import type { DeadLetters } from './dead-letters/admin.js';

/** How one event is fired. */
export interface FireOptions {
  /**
   * The event's id. The stream stores one event of an id, so fire again with the same id if you do not know whether the first
   * attempt was stored. Without line breaks. @default a new UUIDv7
   */
  readonly id?: string | undefined;
  /** How long to wait until the event is stored. @default the API's `eventFireTimeout`, 15 seconds unless set */
  readonly timeout?: Duration | undefined;
  /** Aborts the waiting; the event may have been stored anyway. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Text headers of your own, e.g. `traceparent` or a tenant; handlers read them in `event.headers`, names in lowercase.
   * Names that begin with `ce-`, `nats-` or `lightbus-`, and `content-type`, are refused. @default none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

// biome-ignore lint/complexity/noBannedTypes: asks whether nothing is required, which is what `{}` says
type FireArguments<I> = {} extends I ? [parameters?: I, options?: FireOptions] : [parameters: I, options?: FireOptions];

/** Identifies an event of a bus: `A` is its API, `E` its name, `O` the parameters that its handlers receive. */
// biome-ignore lint/suspicious/noExplicitAny: a handle of an unknown event, whose parameters are any JSON values
export interface HandleShape<A extends string = string, E extends string = string, O = any> {
  readonly '~lightbus': {
    readonly apiName: A;
    readonly eventName: E;
    /** Only for the type system. */
    readonly types?: { readonly parameters: O };
  };
}

/** One event of a bus, e.g. `bus.auth.user_created`: fires it and listens to it. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export interface EventHandle<A extends string = string, E extends string = string, I = any, O = any>
  extends HandleShape<A, E, O> {
  /**
   * Fires the event; resolves when JetStream has stored it.
   *
   * ```ts
   * await bus.auth.user_created.fire({ username: 'adam', email: 'adam@example.com' });
   * ```
   *
   * @throws UnknownApi unless the API's class was given to `create`
   * @throws EventNotFound if the class declares no such event
   * @throws InvalidEventArguments for missing and for unknown parameters
   * @throws ValidationError for values that do not fit the schema
   * @throws EventFireTimeout if it was not confirmed in time; `stored` says whether it may have been stored
   * @throws BusAlreadyClosed after `close()`
   */
  fire(...args: FireArguments<I>): Promise<EventMessage<A, E, O>>;

  /**
   * Records a listener for the event; it runs when the worker does. The event is acknowledged after the handler has
   * returned or its promise has resolved. It may be delivered more than once, so handlers must be idempotent.
   *
   * @param handler a function, or the `URL` of a module whose default export is one, run in worker threads
   * @throws InvalidEventListener, InvalidName, DuplicateListenerName, ListenersAlreadyStarted
   */
  listen(
    handler: Handler<O, ReceivedEvent<A, E, O>> | URL,
    options: ListenOptions<O, ReceivedEvent<A, E, O>>,
  ): Listener;

  /**
   * Records a listener that takes its events in batches. All events of a batch have the same outcome, except those that
   * `batch.fail(event, error)` names.
   *
   * @throws InvalidEventListener, InvalidName, DuplicateListenerName, ListenersAlreadyStarted
   */
  listenBatch(
    handler: BatchHandler<ReceivedEvent<A, E, O>>,
    options: BatchOptions<O, ReceivedEvent<A, E, O>>,
  ): Listener;
}

/** The received event that a handle stands for; a union for a union of handles, told apart by `eventName`. */
export type EventOf<H> = H extends HandleShape<infer A, infer E, infer O> ? ReceivedEvent<A, E, O> : never;

/** The handles of the events that API class instance `T` declares; private ones (`_x`) left out. */
export type Handles<N extends string, T> = {
  readonly [K in keyof T & string as T[K] extends EventShape
    ? K extends `_${string}`
      ? never
      : K
    : never]: T[K] extends EventShape<infer P> ? EventHandle<N, K, FiredParameters<P>, ReceivedParameters<P>> : never;
};

/** `T` under the dotted name `N`: `Nest<'my_company.auth', T>` is `{ my_company: { auth: T } }`. */
export type Nest<N extends string, T> = N extends `${infer H}.${infer R}`
  ? { readonly [K in H]: Nest<R, T> }
  : { readonly [K in N]: T };

/** The handles of API class `C`; for a union of classes, of all of them. */
export type HandlesOf<C> = C extends { new (): infer T; readonly meta: { readonly name: infer N extends string } }
  ? Nest<N, Handles<N, T>>
  : never;

/** A whole API of a bus, e.g. `bus.auth`: the handles of its events. */
export interface ApiHandle {
  readonly [eventName: string]: HandleShape;
}
type ApiName<A> = A extends string ? A : A[keyof A] extends HandleShape<infer N> ? N : never;

type ToIntersection<U> = (U extends unknown ? (of: U) => void : never) extends (of: infer I) => void ? I : never;

/** The properties of a bus besides its APIs. */
export interface BusMembers<in C extends ApiClass> {
  /** Hooks, the worker, listeners for several events, `close()`. */
  readonly client: Client<C>;
  /** Closes the bus: `await using bus = create(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A bus, typed by the API classes `C`, e.g. `Bus<typeof AuthApi | typeof OrdersApi>`. */
export type Bus<C extends ApiClass> = BusMembers<C> & ToIntersection<HandlesOf<C>>;

/** Any name under an untyped bus: an event, or a segment of an API's name. */
export type UntypedNode = EventHandle & { readonly [name: string]: UntypedNode };

/** A bus made without API classes: every name is there, and parameters are `any`. */
// biome-ignore lint/suspicious/noExplicitAny: nothing is known of its APIs
export type UntypedBus = BusMembers<any> & { readonly [name: string]: UntypedNode };

type NameOf<C> = C extends { readonly meta: { readonly name: infer N extends string } } ? N : never;
type ClassNamed<C, N> = C extends { readonly meta: { readonly name: N } } ? C : never;
type HandleOf<C> = C extends { new (): infer T; readonly meta: { readonly name: infer N extends string } }
  ? Handles<N, T>[keyof Handles<N, T>]
  : never;
/** The events of the API called `N`, as far as its class declares them. */
type EventOfApi<C, N> = unknown extends C ? ReceivedEvent<N & string> : EventOf<HandleOf<ClassNamed<C, N>>>;

/** `bus.client`: the parts that concern the whole bus. Hooks run in the order in which they were added, and are awaited. */
export interface Client<in C extends ApiClass> {
  /**
   * One listener for several events, also of several APIs. `event.eventName` (and `apiName`) narrow `event.parameters`.
   *
   * @throws InvalidEventListener, InvalidName, DuplicateListenerName, ListenersAlreadyStarted
   */
  listenForEvents<const H extends HandleShape>(
    events: readonly H[],
    handler: Handler<EventOf<H>['parameters'], EventOf<H>> | URL,
    options: ListenOptions<EventOf<H>['parameters'], EventOf<H>>,
  ): Listener;

  /**
   * One listener for a whole API, in order across its events. It also gets events that the class does not declare, so the
   * handler must cope with unknown names.
   *
   * ```ts
   * bus.client.listenForApi('auth', (parameters, event) => audit(event.eventName, parameters), { listenerName: 'audit' });
   * ```
   *
   * @param api the API's name, or its handle on the bus: `bus.auth`
   * @throws InvalidEventListener, InvalidName, DuplicateListenerName, ListenersAlreadyStarted
   */
  listenForApi<const A extends NameOf<C> | ApiHandle>(
    api: A,
    handler: Handler<EventOfApi<C, ApiName<A>>['parameters'], EventOfApi<C, ApiName<A>>> | URL,
    options: ListenOptions<EventOfApi<C, ApiName<A>>['parameters'], EventOfApi<C, ApiName<A>>>,
  ): Listener;

  /** The events that listeners gave up: lists, replays and removes them. */
  readonly deadLetters: DeadLetters;

  /**
   * Runs when the worker starts, before any event is handled: the place to `listen`. A failing hook stops the start. `signal` is
   * aborted if the worker is stopped meanwhile; a second later the start no longer waits for the hook.
   */
  onStart(hook: (argument: { readonly signal: AbortSignal }) => unknown): void;
  /**
   * Runs when the worker has stopped, before the connection is closed. `signal` is aborted after `shutdownTimeout`; a second later
   * the stop no longer waits for the hook. A failing hook makes `worker.done` reject; the other hooks still run.
   */
  onStop(hook: (argument: { readonly signal: AbortSignal }) => unknown): void;
  /** Runs before an event is sent, its parameters valid. A failing hook makes `fire` fail with its error. */
  beforeEventSent(hook: (event: OutgoingEvent) => unknown): void;
  /** Runs after an event was stored. */
  afterEventSent(hook: (event: EventMessage) => unknown): void;
  /** Runs before a handler. A failing hook counts as a failing handler. */
  beforeEventExecution(hook: (event: ReceivedEvent) => unknown): void;
  /** Runs after a handler has succeeded and its event was acknowledged. A failing hook stops the worker. */
  afterEventExecution(hook: (event: ReceivedEvent) => unknown): void;

  /**
   * Starts the listeners in this process; resolves when they run. Stops when `signal` is aborted. May be called again after a start
   * that failed.
   *
   * @throws NothingToListenFor if there is no listener after the `onStart` hooks
   */
  startWorker(options?: { readonly signal?: AbortSignal | undefined }): Promise<Worker>;

  /**
   * Stops the worker, if there is one, and closes the connection. From now on the bus refuses to fire, except from handlers and
   * hooks that still run. Do not await it in these: it waits for them.
   */
  close(): Promise<void>;
}

/** `failed`: it has stopped because a handler or a hook failed. */
export type WorkerState = 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** The running listeners of a bus: `await using worker = await bus.client.startWorker()`. */
export interface Worker {
  /**
   * Resolves when the worker has stopped on request; rejects with the failure that stopped it otherwise. If nobody handles the
   * rejection, Node ends the process with 1, so that the failure does not go unnoticed.
   */
  readonly done: Promise<void>;
  /** Its state, for a health check. */
  readonly state: WorkerState;
  /** The failure; undefined unless `state` is `failed` or about to be. */
  readonly error: unknown;
  /** Waits for running handlers, returns the other deliveries, and resolves when everything is acknowledged. */
  stop(): Promise<void>;
  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

type Checked<C> = C extends { readonly meta: { readonly name: infer N } }
  ? string extends N
    ? ApiClass extends C
      ? 'Give classes that extend Api and write in each: static meta = { name: … } as const'
      : 'Write `as const` after meta = { name: … }'
    : C
  : C;

/** The options of `create`. Each setting may also come from the command line, a file or the environment. */
export interface CreateOptions<C> {
  /** The service's name, which its processes share and its listeners' durables begin with. @default the package's name */
  readonly serviceName?: string | undefined;
  /** This process's name, in logs. @default the host's name and the process id */
  readonly processName?: string | undefined;
  /** The API classes that this service owns: it fires their events and makes their streams. @default [] */
  readonly apis?: readonly (C & Checked<C>)[] | undefined;
  /** The path of a configuration file, or an object with the file's keys. @default lightbus.yaml or .json, if there is one */
  readonly config?: string | ConfigInput | undefined;
  /** Where and how to connect; short for `config.nats`. */
  readonly nats?: NatsOptions | undefined;
  /** The logger of the bus, e.g. a pino logger. @default standard error */
  readonly logger?: Logger | undefined;
}

/** `create`: typed by the classes in `apis` or by its type argument, untyped without either. It connects to nothing. */
export type Create = <C extends ApiClass = never>(
  options?: CreateOptions<C>,
) => [C] extends [never] ? UntypedBus : Bus<C>;
