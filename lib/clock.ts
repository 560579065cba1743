/**
 * The time and the timers of a bus, handed down from `create`. The system's, so far; a test kit can have another, so that
 * delays, leases and time-outs pass without waiting.
 */
export interface Clock {
  /** Milliseconds on a monotonic clock with an arbitrary start. */
  now(): number;
  /** Milliseconds since 1970, by the wall clock, which can be set. */
  date(): number;
  setTimeout(act: () => void, milliseconds: number): NodeJS.Timeout;
  clearTimeout(timer: NodeJS.Timeout | undefined): void;
  setInterval(act: () => void, milliseconds: number): NodeJS.Timeout;
  clearInterval(timer: NodeJS.Timeout | undefined): void;
}

/** Looks the globals up at each call, so that what replaces them counts. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  setTimeout: (act, milliseconds) => setTimeout(act, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  setInterval: (act, milliseconds) => setInterval(act, milliseconds),
  clearInterval: (timer) => clearInterval(timer),
};
