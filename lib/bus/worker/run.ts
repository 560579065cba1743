import { setMaxListeners } from 'node:events';
import { BusAlreadyClosed, NothingToListenFor } from '../../errors.js';
import { describeError } from '../../logger.js';
import type { WorkerState } from '../handles.js';
import type { ListenerSummary } from '../internals.js';
import { runOnStart, runOnStop, type WorkerHookDependencies } from './hooks.js';
import { RunningListeners, type WorkerDependencies } from './listeners.js';
import type { ListenerRegistry } from './registry.js';

/** What `onStop` hooks get where the configuration could not be read. */
const DEFAULT_LIMIT_MS = 30_000;

/** A worker from its start to its end. */
export class WorkerRun {
  readonly #parts: Omit<WorkerDependencies, 'failed'>;
  readonly #hooks: WorkerHookDependencies;
  readonly #registry: ListenerRegistry;
  readonly #stopping = new AbortController();
  readonly done: Promise<void>;
  #settleDone: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #state: WorkerState = 'starting';
  #starting: Promise<void> | undefined;
  #started = false;
  #stopped: Promise<void> | undefined;
  #running: RunningListeners | undefined;
  #whenEnded: () => void = () => undefined;
  #abortedHandlers: (() => void) | undefined;
  /** Resolves when handlers were aborted that had not ended within `shutdownTimeout`. */
  readonly abortedHandlers = new Promise<void>((resolve) => {
    this.#abortedHandlers = resolve;
  });
  #forgetListeners: () => void = () => undefined;
  failure: { readonly error: unknown } | undefined;

  constructor(registry: ListenerRegistry, parts: Omit<WorkerDependencies, 'failed'>) {
    this.#registry = registry;
    this.#parts = parts;
    const { clock, scope, logger } = parts.lifecycle;
    this.#hooks = { clock, hooks: parts.hooks, scope, logger };
    setMaxListeners(0, this.#stopping.signal); // Each listener of the bus waits for it while it starts.
    this.done = new Promise((resolve, reject) => {
      this.#settleDone = { resolve, reject };
    });
  }

  get state(): WorkerState {
    return this.#state;
  }

  get ended(): boolean {
    return this.#state === 'stopped' || this.#state === 'failed';
  }

  get summaries(): readonly ListenerSummary[] {
    return this.#running?.summaries ?? [];
  }

  /** @param then is called when the worker has ended */
  whenEnded(then: () => void): void {
    this.#whenEnded = then;
  }

  /** After a failure `stop()` has to be called; then the listeners of the hooks are forgotten, and another run may begin. */
  async start(): Promise<void> {
    const begin = () => this.#start();
    this.#starting = this.#parts.lifecycle.scope.run(begin);
    try {
      await this.#starting;
      this.#started = true;
      if (this.#state === 'starting') this.#state = 'running';
    } catch (error) {
      if (this.failure !== undefined) throw this.failure.error;
      if (!this.#stopping.signal.aborted) this.failure = { error };
      else if (this.#parts.lifecycle.closing)
        throw new BusAlreadyClosed('The bus was closed while its worker was starting; create another one', {
          cause: error,
        });
      throw error;
    }
  }

  /** Stops the worker; resolves when it has stopped. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { lifecycle } = this.#parts;
    const opened = await lifecycle.open();
    const listeners = await this.#collectListeners();
    if (listeners.length === 0) throw nothingToListenFor(this.#registry);
    const { unheard } = this.#registry;
    if (unheard.length > 0) lifecycle.logger.warn({ events: unheard }, 'No listener listens to these of the --events');
    this.#stopping.signal.throwIfAborted();
    this.#running = new RunningListeners(opened, { ...this.#parts, failed: (error) => this.#failed(error) });
    await this.#running.start(listeners, this.#stopping.signal);
  }

  /** What the hooks have added is theirs to add again if the start fails. */
  async #collectListeners() {
    this.#forgetListeners = this.#registry.mark();
    await runOnStart(this.#hooks, this.#stopping.signal);
    return this.#registry.lock();
  }

  /** What failed was logged with its event. */
  #failed(error: unknown): void {
    this.failure ??= { error };
    this.#running?.halt();
    void this.stop();
  }

  async #stop(): Promise<void> {
    const { lifecycle } = this.#parts;
    this.#state = 'stopping';
    this.#stopping.abort();
    await this.#starting?.catch(() => undefined);
    try {
      const limit = lifecycle.opened?.config.shutdownTimeout ?? DEFAULT_LIMIT_MS;
      await this.#running?.stop(limit, () => this.#abortedHandlers?.());
      await runOnStop(this.#hooks, limit);
    } catch (error) {
      lifecycle.logger.error({ err: error }, `Stopping failed: ${describeError(error).message}`);
      this.failure ??= { error };
    }
    this.#end();
  }

  /** The one place where a worker ends. */
  #end(): void {
    const { failure } = this;
    this.#state = failure === undefined ? 'stopped' : 'failed';
    this.#whenEnded();
    if (!this.#started) return this.#forgetListeners(); // Whoever started it gets the error, and has no `done`.
    if (failure === undefined) {
      this.#parts.lifecycle.logger.info({ state: this.#state }, 'The worker has stopped');
      return this.#settleDone?.resolve();
    }
    const { message } = describeError(failure.error);
    this.#parts.lifecycle.logger.error(
      { state: this.#state },
      `The worker has stopped because of a failure: ${message}`,
    );
    this.#settleDone?.reject(failure.error);
  }
}

function nothingToListenFor({ unheard, heard }: ListenerRegistry): NothingToListenFor {
  return new NothingToListenFor(
    heard.length > 0
      ? `No listener to run: none listens to ${unheard.join(', ')} (--events); this bus listens to ${heard.join(', ')}`
      : 'No listener to run; call bus.<api>.<event>.listen(handler, { listenerName }) at the top level or in bus.client.onStart',
  );
}
