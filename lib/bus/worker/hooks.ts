import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import type { Hooks } from '../hooks.js';
import type { Scope } from '../scope.js';

/** How long a hook has to end after its signal was aborted. */
const GRACE_MS = 1000;
/** A warning is logged after this time, because an `onStart` hook has no limit. */
const LONG_START_MS = 30_000;

export interface WorkerHookDependencies {
  readonly clock: Clock;
  readonly hooks: Hooks;
  readonly scope: Scope;
  readonly logger: Logger;
}

/**
 * Runs the `onStart` hooks one after another; a failing one ends it, and so does `stopping`.
 *
 * @throws what a hook threw, or the signal's reason
 */
export async function runOnStart(parts: WorkerHookDependencies, stopping: AbortSignal): Promise<void> {
  const slow = parts.clock.setTimeout(() => {
    parts.logger.warn({}, 'A hook onStart has been running for 30 seconds; no event is handled before it has ended');
  }, LONG_START_MS);
  slow.unref();
  try {
    for (const hook of parts.hooks.named('onStart')) {
      stopping.throwIfAborted();
      await untilAborted(parts, 'onStart', hook, stopping);
    }
    stopping.throwIfAborted();
  } finally {
    parts.clock.clearTimeout(slow);
  }
}

/**
 * Runs all `onStop` hooks one after another, each for `limit` milliseconds at most; if one fails, the others still run.
 *
 * @throws what the first failing one threw
 */
export async function runOnStop(parts: WorkerHookDependencies, limit: number): Promise<void> {
  const failures: unknown[] = [];
  for (const hook of parts.hooks.named('onStop')) {
    const controller = new AbortController();
    const over = () =>
      controller.abort(new Error(`A hook onStop did not end within the shutdownTimeout of ${limit} ms`));
    const timer = parts.clock.setTimeout(over, limit);
    try {
      await untilAborted(parts, 'onStop', hook, controller.signal);
    } catch (error) {
      failures.push(error);
    } finally {
      parts.clock.clearTimeout(timer);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Waits for a hook until it ends, or until its signal was aborted and it has not heeded that for a second.
 *
 * @param signal not aborted yet
 */
function untilAborted(
  parts: WorkerHookDependencies,
  name: 'onStart' | 'onStop',
  hook: (argument: { signal: AbortSignal }) => unknown,
  signal: AbortSignal,
): Promise<void> {
  const { scope, logger } = parts;
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const leave = () => {
      logger.warn({ hook: name }, `A hook ${name} does not end although its signal was aborted; left it running`);
      settle(() => reject(signal.reason));
    };
    const aborted = () => {
      timer = parts.clock.setTimeout(leave, GRACE_MS);
    };
    function settle(how: () => void): void {
      parts.clock.clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      how();
    }
    signal.addEventListener('abort', aborted, { once: true });
    scope
      .runHook(name, () => hook({ signal }))
      .then(
        () => settle(resolve),
        (error: unknown) => settle(() => reject(error)),
      );
  });
}
