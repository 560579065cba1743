import { createHook } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What Node still keeps, of all that was made since the watch began. */
export interface LeakWatch extends Disposable {
  /** How many timers and sockets, also those that would not keep the process alive, and listeners of process events. */
  readonly left: { readonly timers: number; readonly sockets: number; readonly processListeners: number };
}

const KINDS: Readonly<Record<string, 'timers' | 'sockets'>> = { Timeout: 'timers', TCPWRAP: 'sockets' };

export function watchForLeaks(): LeakWatch {
  const alive = { timers: new Set<number>(), sockets: new Set<number>() };
  const listeners = processListeners();
  const hook = createHook({
    init(id, type) {
      const kind = KINDS[type];
      if (kind !== undefined) alive[kind].add(id);
    },
    destroy(id) {
      alive.timers.delete(id);
      alive.sockets.delete(id);
    },
  }).enable();
  return {
    get left() {
      return {
        timers: alive.timers.size,
        sockets: alive.sockets.size,
        processListeners: processListeners() - listeners,
      };
    },
    [Symbol.dispose]: () => hook.disable(),
  };
}

function processListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use once nothing more can be freed: objects, and what lies outside the heap. */
export async function memoryInUse(): Promise<number> {
  // What a finalizer of one collection lets go of falls to the next.
  for (let round = 0; round < 4; round++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
