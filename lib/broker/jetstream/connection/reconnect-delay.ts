const MIN_MS = 500;
const JITTER_MS = 500;
/** Smaller corrections of the clock are normal. */
const SET_BACK_MS = 1000;

/**
 * How long the client waits between two attempts to connect to one server. It asks before each attempt.
 *
 * The client uses the wall clock: after that was set back, it would wait until the clock has caught up. So the difference is
 * subtracted from the delay, but not more often than attempts may be made.
 */
export function reconnectDelay(): () => number {
  let furthest = Number.NEGATIVE_INFINITY;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    const ahead = Date.now() - now;
    furthest = Math.max(furthest, ahead);
    const delay = MIN_MS + Math.random() * JITTER_MS;
    const setBack = furthest - ahead;
    if (setBack < SET_BACK_MS || now - attemptedAt < delay) return delay;
    attemptedAt = now;
    return delay - setBack;
  };
}
