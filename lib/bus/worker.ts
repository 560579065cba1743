import { setMaxListeners } from 'node:events';
import { ListenersAlreadyStarted, NothingToListenFor } from '../errors.js';
import { describeError } from '../logger.js';
import type { Worker } from './handles.js';
import type { ListenerSummary } from './internals.js';
import type { ListenerRegistry } from './registry.js';
import { RunningListeners, type RunningParts } from './running.js';

/** Starts and stops the one worker of a bus. */
export class WorkerControl {
  readonly #parts: Omit<RunningParts, 'failed'>;
  readonly #registry: ListenerRegistry;
  readonly #stopping = new AbortController();
  #running: RunningListeners | undefined;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  readonly #done: Promise<void>;
  #resolveDone: () => void = () => undefined;
  #rejectDone: (error: unknown) => void = () => undefined;

  constructor(registry: ListenerRegistry, parts: Omit<RunningParts, 'failed'>) {
    this.#registry = registry;
    this.#parts = parts;
    setMaxListeners(0, this.#stopping.signal); // Each listener of the bus waits for it while it starts.
    this.#done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve;
      this.#rejectDone = reject;
    });
    // What failed was logged; a worker whose `done` nobody awaits must not bring the process down another way.
    this.#done.catch(() => undefined);
  }

  get listeners(): readonly ListenerSummary[] {
    return this.#running?.summaries ?? [];
  }

  /** @throws ListenersAlreadyStarted, NothingToListenFor, what a hook threw, what `RunningListeners.start` throws, the signal's reason */
  async start(signal: AbortSignal | undefined): Promise<Worker> {
    this.#parts.lifecycle.checkNotClosed();
    if (this.#starting !== undefined) {
      throw new ListenersAlreadyStarted(
        'The worker of this bus was started before; create another bus for another worker',
      );
    }
    const abort = () => void this.stop();
    signal?.throwIfAborted();
    signal?.addEventListener('abort', abort, { once: true });
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      signal?.removeEventListener('abort', abort);
      await this.stop();
      if (this.#failure !== undefined) throw this.#failure.error;
      throw signal?.aborted ? signal.reason : error;
    }
    return this.#worker(abort, signal);
  }

  /** Stops the worker, if there is one; resolves when it has stopped. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #start(): Promise<void> {
    const { hooks, lifecycle } = this.#parts;
    const opened = await lifecycle.open();
    await hooks.run('onStart', undefined);
    const listeners = this.#registry.lock();
    if (listeners.length === 0) throw nothingToListenFor(this.#registry);
    const { unheard } = this.#registry;
    if (unheard.length > 0) lifecycle.logger.warn({ events: unheard }, 'No listener listens to these of the --events');
    this.#stopping.signal.throwIfAborted();
    this.#running = new RunningListeners(opened, { ...this.#parts, failed: (error) => this.#failed(error) });
    await this.#running.start(listeners, this.#stopping.signal);
  }

  #worker(abort: () => void, signal: AbortSignal | undefined): Worker {
    const forget = () => signal?.removeEventListener('abort', abort);
    this.#done.then(forget, forget);
    const stop = () => this.stop();
    return { done: this.#done, stop, [Symbol.asyncDispose]: stop };
  }

  #failed(error: unknown): void {
    this.#failure ??= { error };
    this.#running?.halt();
    void this.stop();
  }

  async #stop(): Promise<void> {
    const { lifecycle, hooks } = this.#parts;
    if (this.#starting === undefined) return;
    this.#stopping.abort();
    await this.#starting.catch(() => undefined);
    try {
      const opened = lifecycle.opened;
      if (this.#running !== undefined && opened !== undefined) await this.#running.stop(opened.config.shutdownTimeout);
      await hooks.run('onStop', undefined);
    } catch (error) {
      lifecycle.logger.error({ err: error }, `Stopping failed: ${describeError(error).message}`);
      this.#failure ??= { error };
    }
    if (this.#failure === undefined) this.#resolveDone();
    else this.#rejectDone(this.#failure.error);
  }
}

function nothingToListenFor({ unheard, heard }: ListenerRegistry): NothingToListenFor {
  return new NothingToListenFor(
    heard.length > 0
      ? `No listener to run: none listens to ${unheard.join(', ')} (--events); this bus listens to ${heard.join(', ')}`
      : 'No listener to run; call bus.<api>.<event>.listen(handler, { listenerName }) at the top level or in bus.client.onStart',
  );
}
