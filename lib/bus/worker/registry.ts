import type { ApiDefinition } from '../../definition/api.js';
import {
  type ResolvedListenOptions,
  resolveBatchOptions,
  resolveListenOptions,
} from '../../delivery/listen-options.js';
import type { Listener } from '../../delivery/options.js';
import { describeValue } from '../../describe-value.js';
import { DuplicateListenerName, EventNotFound, InvalidEventListener, ListenersAlreadyStarted } from '../../errors.js';
import { checkApiName, checkEventName } from '../../names.js';

const MAX_THREADS = 256;

/** What a listener listens to: one event, or a whole API. */
export interface Target {
  readonly apiName: string;
  /** Undefined: all events of the API. */
  readonly eventName: string | undefined;
}

/** A listener as it was recorded. */
export interface RecordedListener extends Listener {
  readonly targets: readonly Target[];
  /** A function, or the file of a module that has one, to be run in threads. */
  readonly handler: ((first: never, second: never) => unknown) | URL;
  readonly options: ResolvedListenOptions;
}

/** The listeners of a bus, recorded until the worker starts. */
export class ListenerRegistry {
  readonly #apis: ReadonlyMap<string, ApiDefinition>;
  readonly #listeners: RecordedListener[] = [];
  #only: ReadonlySet<string> | undefined;
  #locked = false;

  constructor(apis: ReadonlyMap<string, ApiDefinition>) {
    this.#apis = apis;
  }

  /** @throws InvalidEventListener, InvalidName, InvalidConfiguration, EventNotFound, DuplicateListenerName, ListenersAlreadyStarted */
  add(targets: readonly Target[], handler: unknown, options: unknown): Listener {
    return this.#add(targets, handler, resolveListenOptions(options));
  }

  /** @throws as `add` does */
  addBatch(targets: readonly Target[], handler: unknown, options: unknown): Listener {
    return this.#add(targets, handler, resolveBatchOptions(options));
  }

  #add(targets: readonly Target[], handler: unknown, resolved: ResolvedListenOptions): Listener {
    const { listenerName } = resolved;
    for (const target of targets) this.#checkTarget(target);
    this.#checkHandler(listenerName, targets, handler, resolved);
    if (this.#locked) {
      throw new ListenersAlreadyStarted(
        `Listener "${listenerName}" comes too late: the worker has started; call listen at the top level or in bus.client.onStart`,
      );
    }
    this.#checkUnique(listenerName, targets);
    const listener: RecordedListener = Object.freeze({
      listenerName,
      apiNames: [...new Set(targets.map((target) => target.apiName))],
      events: targets.map(nameOf),
      targets,
      handler: handler as RecordedListener['handler'],
      options: resolved,
    });
    this.#listeners.push(listener);
    return listener;
  }

  /** Limits the listeners to these events, as `auth.user_created`. */
  limitTo(events: readonly string[]): void {
    this.#only = new Set(events);
  }

  /** The events that `limitTo` asks for and no listener listens to. */
  get unheard(): readonly string[] {
    const heard = this.heard;
    return [...(this.#only ?? [])].filter((event) => !heard.includes(event));
  }

  /** The events that all listeners, asked for or not, listen to, as `auth.user_created`; a whole API as `auth.*`. */
  get heard(): readonly string[] {
    return [...new Set(this.#listeners.flatMap(({ targets }) => targets.map(nameOf)))];
  }

  /** Returns the way back to what is recorded now; listeners may be added again then. */
  mark(): () => void {
    const count = this.#listeners.length;
    return () => {
      this.#listeners.length = count;
      this.#locked = false;
    };
  }

  /** No listener is added any more; gives those that are to run, each with the targets that are. */
  lock(): readonly RecordedListener[] {
    this.#locked = true;
    const only = this.#only;
    if (only === undefined) return [...this.#listeners];
    return this.#listeners
      .map((listener) => ({ ...listener, targets: listener.targets.filter((target) => only.has(nameOf(target))) }))
      .filter((listener) => listener.targets.length > 0);
  }

  #checkTarget({ apiName, eventName }: Target): void {
    checkApiName(apiName);
    if (eventName === undefined) return;
    checkEventName(apiName, eventName);
    const api = this.#apis.get(apiName);
    if (api !== undefined && !api.events.has(eventName)) throw eventNotFound(api, eventName);
  }

  #checkHandler(
    listenerName: string,
    targets: readonly Target[],
    handler: unknown,
    options: ResolvedListenOptions,
  ): void {
    if (targets.length === 0)
      throw new InvalidEventListener(`Listener "${listenerName}" listens to no event; give at least one`);
    if (new Set(targets.map(nameOf)).size < targets.length) {
      throw new InvalidEventListener(`Listener "${listenerName}" is given an event twice; remove one of them`);
    }
    checkHandler(listenerName, handler, options);
    if (options.ordered && targets.length > 1) {
      throw new InvalidEventListener(
        `Listener "${listenerName}" is ordered and has ${targets.length} events, each with a durable of its own; listen to the whole API (listenForApi), or make a listener of each`,
      );
    }
  }

  #checkUnique(listenerName: string, targets: readonly Target[]): void {
    for (const { apiName } of targets) {
      const other = this.#listeners.find(
        (listener) => listener.listenerName === listenerName && listener.apiNames.includes(apiName),
      );
      if (other === undefined) continue;
      throw new DuplicateListenerName(
        `Listener "${listenerName}" exists on API "${apiName}" already (for ${other.events.join(', ')}); give this one another listenerName`,
      );
    }
  }
}

function checkHandler(listenerName: string, handler: unknown, { batch, concurrency }: ResolvedListenOptions): void {
  const isUrl = handler instanceof URL;
  if (typeof handler !== 'function' && (!isUrl || batch !== undefined)) {
    throw new InvalidEventListener(
      `The handler of listener "${listenerName}" is ${isUrl ? 'a URL' : handler === undefined ? 'missing' : describeValue(handler)}; give a function ${batch === undefined ? '(parameters, event) => …' : '(events, batch) => …'}`,
    );
  }
  if (!isUrl) return;
  if (handler.protocol !== 'file:') {
    throw new InvalidEventListener(
      `The handler of listener "${listenerName}" is ${handler.href.slice(0, 200)}, which is not a file; give e.g. new URL('./report.ts', import.meta.url)`,
    );
  }
  if (concurrency > MAX_THREADS) {
    throw new InvalidEventListener(
      `Listener "${listenerName}" has a handler in threads and a concurrency of ${concurrency}, which is their number; give ${MAX_THREADS} at most`,
    );
  }
}

/** `auth.user_created`, or `auth.*` for a whole API. */
export function nameOf({ apiName, eventName }: Target): string {
  return `${apiName}.${eventName ?? '*'}`;
}

/** The error for an event that its API does not declare, naming those that it does. */
export function eventNotFound(api: ApiDefinition, eventName: string): EventNotFound {
  const known = [...api.events.keys()].join(', ') || 'none';
  return new EventNotFound(`API "${api.name}" has no event "${eventName}"; it has ${known}`);
}
