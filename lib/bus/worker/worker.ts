import { LightbusError, ListenersAlreadyStarted } from '../../errors.js';
import type { Worker } from '../handles.js';
import type { ListenerSummary } from '../internals.js';
import type { WorkerDependencies } from './listeners.js';
import type { ListenerRegistry } from './registry.js';
import { WorkerRun } from './run.js';

/** Starts and stops the one worker of a bus. */
export class WorkerControl {
  readonly #parts: Omit<WorkerDependencies, 'failed'>;
  readonly #registry: ListenerRegistry;
  #run: WorkerRun | undefined;

  constructor(registry: ListenerRegistry, parts: Omit<WorkerDependencies, 'failed'>) {
    this.#registry = registry;
    this.#parts = parts;
  }

  get listeners(): readonly ListenerSummary[] {
    return this.#run?.summaries ?? [];
  }

  /**
   * May be called again after a start that failed.
   *
   * @throws ListenersAlreadyStarted, NothingToListenFor, BusAlreadyClosed, what a hook threw, what `RunningListeners.start` throws, the signal's reason
   */
  async start(signal: AbortSignal | undefined): Promise<Worker> {
    this.#parts.lifecycle.checkNotClosing();
    if (this.#run !== undefined) {
      throw new ListenersAlreadyStarted(
        'The worker of this bus was started before; create another bus for another worker',
      );
    }
    signal?.throwIfAborted();
    const run = new WorkerRun(this.#registry, this.#parts);
    this.#run = run;
    const abort = () => void run.stop();
    signal?.addEventListener('abort', abort, { once: true });
    const forget = () => signal?.removeEventListener('abort', abort);
    run.whenEnded(forget);
    try {
      await run.start();
    } catch (error) {
      await run.stop();
      this.#run = undefined;
      throw signal?.aborted ? signal.reason : error;
    }
    return this.#face(run);
  }

  /** Stops the worker, if there is one; resolves when it has stopped. */
  async stop(): Promise<void> {
    await this.#run?.stop();
  }

  /**
   * What a caller of `stop()` or `close()` gets: handlers and hooks that wait for it would wait for themselves.
   *
   * @param call how it is written
   * @param stopped resolves when it is done; it goes on, whoever waits for it
   */
  answer(call: string, stopped: Promise<void>): Promise<void> {
    const run = this.#run;
    const { caller } = this.#parts.lifecycle.scope;
    if (caller === undefined || run === undefined || run.ended) return stopped;
    // A hook certainly waits for itself; of handlers nobody knows which one called, nor whether it waits.
    const tooLong = caller === 'handler' ? run.abortedHandlers : Promise.resolve();
    const answer = Promise.race([stopped, tooLong.then(() => Promise.reject(waitsForItself(call, caller)))]);
    answer.catch(() => undefined); // Whoever does not wait for it need not hear of this.
    return answer;
  }

  #face(run: WorkerRun): Worker {
    const stop = () => this.answer('worker.stop()', run.stop());
    return {
      get done() {
        return run.done;
      },
      get state() {
        return run.state;
      },
      get error() {
        return run.failure?.error;
      },
      stop,
      [Symbol.asyncDispose]: stop,
    };
  }
}

function waitsForItself(call: string, caller: string): LightbusError {
  const where = caller === 'handler' ? 'a handler (or a hook of its event)' : `a hook ${caller}`;
  return new LightbusError(
    `${call} waits for ${where} to end, and was called in one: it must not be awaited there. The worker is stopping; write void ${call}, and await worker.done elsewhere`,
  );
}
