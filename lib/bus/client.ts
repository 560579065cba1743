import { checkOptions } from '../config/check.js';
import type { RuleTable } from '../config/option.js';
import type { ApiDefinition } from '../definition/api.js';
import type { Listener } from '../delivery/options.js';
import { InvalidEventListener } from '../errors.js';
import type { DeadLetters } from './dead-letters/admin.js';
import type { Firer } from './fire.js';
import type { Worker } from './handles.js';
import type { HookArguments, HookName, Hooks } from './hooks.js';
import type { BusInternals } from './internals.js';
import type { Lifecycle } from './lifecycle.js';
import { SIGNAL } from './signal-option.js';
import type { ListenerRegistry, Target } from './worker/registry.js';
import type { WorkerControl } from './worker/worker.js';

const START_OPTIONS: RuleTable<{ signal?: AbortSignal | undefined }> = { signal: SIGNAL };

export interface ClientDependencies {
  readonly apis: ReadonlyMap<string, ApiDefinition>;
  readonly deadLetters: DeadLetters;
  readonly hooks: Hooks;
  readonly lifecycle: Lifecycle;
  readonly registry: ListenerRegistry;
  readonly worker: WorkerControl;
  readonly firer: Firer;
}

/** `bus.client`. The public type `Client` has the types of events; this class does not. */
export class BusClient {
  readonly #parts: ClientDependencies;
  readonly deadLetters: DeadLetters;
  declare readonly '~lightbus': BusInternals;

  constructor(parts: ClientDependencies) {
    this.#parts = parts;
    this.deadLetters = parts.deadLetters;
    Object.defineProperty(this, '~lightbus', { value: internals(parts), enumerable: false });
  }

  listenForEvents(events: unknown, handler: unknown, options: unknown): Listener {
    return this.#parts.registry.add(readHandles(events), handler, options);
  }

  listenForApi(api: unknown, handler: unknown, options: unknown): Listener {
    return this.#parts.registry.add([{ apiName: readApi(api), eventName: undefined }], handler, options);
  }

  onStart(hook: (argument: HookArguments['onStart']) => unknown): void {
    this.#add('onStart', hook);
  }

  onStop(hook: (argument: HookArguments['onStop']) => unknown): void {
    this.#add('onStop', hook);
  }

  beforeEventSent(hook: (event: HookArguments['beforeEventSent']) => unknown): void {
    this.#add('beforeEventSent', hook);
  }

  afterEventSent(hook: (event: HookArguments['afterEventSent']) => unknown): void {
    this.#add('afterEventSent', hook);
  }

  beforeEventExecution(hook: (event: HookArguments['beforeEventExecution']) => unknown): void {
    this.#add('beforeEventExecution', hook);
  }

  afterEventExecution(hook: (event: HookArguments['afterEventExecution']) => unknown): void {
    this.#add('afterEventExecution', hook);
  }

  async startWorker(options: { signal?: AbortSignal | undefined } = {}): Promise<Worker> {
    checkOptions(START_OPTIONS, options, 'startWorker:');
    return this.#parts.worker.start(options.signal);
  }

  close(): Promise<void> {
    const { lifecycle, worker, firer } = this.#parts;
    const closed = lifecycle.close({ stopWorker: () => worker.stop(), settle: () => firer.idle() });
    return worker.answer('bus.client.close()', closed);
  }

  #add<N extends HookName>(name: N, hook: (argument: HookArguments[N]) => unknown): void {
    this.#parts.hooks.add(name, hook);
  }
}

function internals({ apis, lifecycle, registry, worker }: ClientDependencies): BusInternals {
  return {
    apis: [...apis.values()],
    logger: lifecycle.logger,
    configure: (flags) => lifecycle.configure(flags),
    listenTo: (events) => registry.limitTo(events),
    listeners: () => worker.listeners,
    config: async () => (await lifecycle.open()).config,
    lookAgain: async () => (await lifecycle.open()).broker.lookAgain(),
  };
}

/** The name of an API, or that of a handle: if the name has dots, its last token stands where an event's would. */
function readApi(api: unknown): string {
  const named = (api as { '~lightbus'?: Partial<Target> } | null | undefined)?.['~lightbus'];
  if (typeof named?.apiName !== 'string') return api as string;
  return [named.apiName, named.eventName].filter(Boolean).join('.');
}

function readHandles(events: unknown): Target[] {
  if (!Array.isArray(events)) {
    throw new InvalidEventListener(
      'listenForEvents(events, handler, options): give a list of events, e.g. [bus.auth.user_created, bus.auth.user_deleted]',
    );
  }
  return events.map((handle, index) => {
    const named = (handle as { '~lightbus'?: Partial<Target> } | null)?.['~lightbus'];
    if (typeof named?.apiName !== 'string' || typeof named.eventName !== 'string') {
      throw new InvalidEventListener(
        `listenForEvents: entry ${index} is not an event of a bus; give e.g. bus.auth.user_created`,
      );
    }
    return { apiName: named.apiName, eventName: named.eventName };
  });
}
