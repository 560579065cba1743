import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { createJiti } from 'jiti';
import { type PackedError, packError } from './error.js';
import { type PackedEvent, ThreadEvent } from './event.js';

// Runs in a thread: a file of its own in the build, and the only one that is loaded there besides the user's.

/** A task for a thread. */
export interface ThreadTask {
  /** The URL of the handler's module. */
  readonly module: string;
  /** Undefined: only check whether there is a handler. */
  readonly run: { readonly event: PackedEvent; readonly port: MessagePort } | undefined;
}

/** The answer of a thread. Failures of handlers are answers too, so that a rejected task always means a lost thread. */
export type ThreadAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'no-function' }
  | { readonly kind: 'not-imported' | 'failed'; readonly error: PackedError };

type Handler = (parameters: unknown, event: ThreadEvent) => unknown;

const TYPESCRIPT = ['.ts', '.mts', '.cts', '.tsx'];

// The state of this thread; its handler never changes.
let imported: Promise<unknown> | undefined;

/** Runs the default export of a module on an event. Never rejects. */
export async function runInThread({ module, run }: ThreadTask): Promise<ThreadAnswer> {
  let handler: Handler | undefined;
  try {
    imported ??= importModule(module);
    handler = defaultOf(await imported);
  } catch (error) {
    return { kind: 'not-imported', error: packError(error) };
  }
  if (handler === undefined) return { kind: 'no-function' };
  if (run === undefined) return { kind: 'done' };
  const { event, port } = run;
  try {
    const received = new ThreadEvent(event, port);
    port.postMessage('started');
    await handler(received.parameters, received);
    return { kind: 'done' };
  } catch (error) {
    return { kind: 'failed', error: packError(error) };
  } finally {
    port.close();
  }
}

function importModule(module: string): Promise<unknown> {
  if (!TYPESCRIPT.includes(extname(fileURLToPath(module)))) return import(module);
  // Without a cache on disk: anybody could have put files into a folder for temporary files.
  return createJiti(module, { fsCache: false, interopDefault: false }).import(fileURLToPath(module));
}

/** The default export; of a CommonJS module `module.exports`, or what a compiler made of `export default`. */
function defaultOf(exports: unknown): Handler | undefined {
  let value = exports;
  for (let depth = 0; depth < 3; depth++) {
    if (typeof value === 'function') return value as Handler;
    value = (value as { default?: unknown } | null | undefined)?.default;
  }
  return undefined;
}
