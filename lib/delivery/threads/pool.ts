import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { Clock } from '../../clock.js';
import { InvalidEventListener } from '../../errors.js';
import { describeError, type Logger } from '../../logger.js';
import type { Received } from '../received.js';
import type { ThreadAnswer, ThreadTask } from './entry.js';
import { type PackedError, unpackError } from './error.js';
import { packEvent } from './event.js';
import { GRACE_MS, ThreadWatch } from './watch.js';

const START_AGAIN_MS = 1000;

export interface ThreadOptions {
  readonly clock: Clock;
  readonly listener: string;
  /** The module whose default export is the handler. */
  readonly module: URL;
  /** The most threads; each runs one event at a time. */
  readonly threads: number;
  /** Milliseconds, from when the handler begins; undefined for no limit. */
  readonly handlerTimeout: number | undefined;
  readonly logger: Logger;
}

/** Runs a listener's handler in worker threads. The main thread renews the leases meanwhile, and settles the deliveries. */
export class Threads {
  readonly #parts: ThreadOptions;
  readonly #pool: Piscina;
  #restarting: NodeJS.Timeout | undefined;

  private constructor(parts: ThreadOptions, pool: Piscina) {
    this.#parts = parts;
    this.#pool = pool;
    pool.on('error', (error: unknown) => this.#lost(error));
  }

  /** Starts the first thread, and imports the module in it. @throws InvalidEventListener if the module has no handler */
  static async start(parts: ThreadOptions): Promise<Threads> {
    await checkThere(parts);
    // Loaded only for handlers in threads.
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: entryFile(),
      name: 'runInThread',
      minThreads: 0,
      maxThreads: parts.threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Otherwise a thread sleeps between tasks, and so do timers and everything else that a handler has left running.
      atomics: 'disabled',
      recordTiming: false,
    });
    const threads = new Threads(parts, pool);
    try {
      await threads.#check();
      return threads;
    } catch (error) {
      await threads.stop();
      throw error;
    }
  }

  /** Runs the handler; resolves and rejects as the handler does. Ends its thread if it ignores the event's signal. */
  readonly handle = async (_parameters: unknown, event: Received): Promise<void> => {
    const { handlerTimeout, module } = this.#parts;
    const { port1, port2 } = new MessageChannel();
    const watch = new ThreadWatch(this.#parts.clock, event, port1, handlerTimeout);
    try {
      const task: ThreadTask = { module: module.href, run: { event: packEvent(event), port: port2 } };
      const answer = await this.#run(task, [port2], watch.ending);
      if (answer.kind !== 'done') throw errorOf(answer);
    } catch (error) {
      throw watch.timedOut ?? error;
    } finally {
      watch.close();
    }
    if (watch.timedOut !== undefined) throw watch.timedOut;
  };

  /** Ends all threads, even busy ones. */
  async stop(): Promise<void> {
    this.#parts.clock.clearTimeout(this.#restarting);
    await this.#pool.destroy();
  }

  async #run(task: ThreadTask, transferList: MessagePort[], signal?: AbortSignal): Promise<ThreadAnswer> {
    try {
      return (await this.#pool.run(task, { transferList, signal: signal ?? null })) as ThreadAnswer;
    } catch (cause) {
      const { name, message } = describeError(cause);
      if (signal?.aborted)
        throw new Error(`The handler did not end within ${GRACE_MS} ms after event.signal; ended its thread`);
      if (name === 'DataCloneError') throw new Error(`The event cannot be handed to a thread: ${message}`, { cause });
      throw new Error(`The handler's thread ended before the handler did: ${message}`, { cause });
    }
  }

  async #check(): Promise<void> {
    const { listener, module } = this.#parts;
    const file = fileURLToPath(module);
    const where = `The handler of listener "${listener}" is to come from ${file}`;
    let answer: ThreadAnswer;
    try {
      answer = await this.#run({ module: module.href, run: undefined }, []);
    } catch (cause) {
      throw new InvalidEventListener(`${where}, which ends its thread: ${describeError(cause).message}`, { cause });
    }
    if (answer.kind === 'done') return;
    if (answer.kind === 'no-function') {
      throw new InvalidEventListener(
        `${where}, which exports no function by default; write in it: export default (parameters, event) => { … }`,
      );
    }
    const cause = unpackError(answer.error);
    const { name, message } = describeError(cause);
    throw new InvalidEventListener(`${where}, which threw while it was imported: ${name}: ${message}`, { cause });
  }

  /** A thread ended while it had no task, or before its first one. */
  #lost(error: unknown): void {
    const { listener, logger } = this.#parts;
    logger.error({ listener, err: error }, 'A thread of a handler broke outside of the handler; starting another');
    // An event may wait for this thread, and the pool starts another one only for a new task.
    this.#restarting ??= this.#parts.clock.setTimeout(() => {
      this.#restarting = undefined;
      this.#check().catch((cause: unknown) => logger.error({ listener, err: cause }, describeError(cause).message));
    }, START_AGAIN_MS);
  }
}

async function checkThere({ listener, module }: ThreadOptions): Promise<void> {
  try {
    await access(fileURLToPath(module));
  } catch (cause) {
    throw new InvalidEventListener(
      `The handler of listener "${listener}" is to come from ${module.href}, and there is no such file; it is found beside the module that names it by new URL('./report.js', import.meta.url)`,
      { cause },
    );
  }
}

function errorOf(answer: Exclude<ThreadAnswer, { kind: 'done' }>): unknown {
  if (answer.kind === 'no-function') return new Error('The module of the handler exports no function by default');
  return unpackError((answer as { error: PackedError }).error);
}

/** The file of the entry: beside this one, in the sources and in the build, which is one folder. */
function entryFile(): string {
  const built = !import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(built ? './thread.cjs' : './entry.ts', import.meta.url));
}
