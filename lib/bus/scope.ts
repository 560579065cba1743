import { AsyncLocalStorage } from 'node:async_hooks';

/** Where user code runs: in the handlers of a bus, which are all alike, or in one run of a hook. */
interface Place {
  readonly scope: Scope;
  readonly hook: { readonly name: string; ended: boolean } | undefined;
  readonly outer: Place | undefined;
}

const places = new AsyncLocalStorage<Place>();

/**
 * Tells whether code was called by a bus (by its handlers and hooks, however indirectly) or from outside.
 *
 * It is entered once for a connection and once for the start of a worker, not for each event: what sockets and timers bring runs in
 * the context in which they were made, at no cost. The hooks of a worker have places of their own.
 */
export class Scope {
  run<T>(what: () => T): T {
    return places.run({ scope: this, hook: undefined, outer: places.getStore() }, what);
  }

  /** Runs one hook; what it leaves running is no longer part of it once it has ended. */
  async runHook(name: string, hook: () => unknown): Promise<void> {
    const running = { name, ended: false };
    try {
      await places.run({ scope: this, hook: running, outer: places.getStore() }, hook);
    } finally {
      running.ended = true;
    }
  }

  /** Whether handlers or hooks of this bus called. */
  get entered(): boolean {
    return this.#place !== undefined;
  }

  /** What called: a hook by its name, while it runs; `handler`; or nothing that a stop waits for. */
  get caller(): 'onStart' | 'onStop' | 'handler' | undefined {
    const place = this.#place;
    if (place === undefined) return undefined;
    if (place.hook === undefined) return 'handler';
    return place.hook.ended ? undefined : (place.hook.name as 'onStart' | 'onStop');
  }

  get #place(): Place | undefined {
    let place = places.getStore();
    while (place !== undefined && place.scope !== this) place = place.outer;
    return place;
  }
}
