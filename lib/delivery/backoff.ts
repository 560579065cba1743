import { type Duration, toTimerMilliseconds } from '../duration.js';

const FIRST_MS = 1000;
const LAST_MS = 300_000;
const JITTER = 0.25;

/** The delay before the next attempt, in milliseconds, from the attempt that failed (1 for the first). */
export type Backoff = (attempt: number) => number;

/**
 * Delays between attempts: a list whose last entry repeats, or exponential, from 1 second to 5 minutes, doubling, with up
 * to a quarter more at random, so that what failed together does not come again together.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @throws InvalidConfiguration for an entry that is not a duration, or longer than 24 days
 */
export function createBackoff(given: 'exponential' | readonly Duration[] | undefined, path: string): Backoff {
  if (given === undefined || given === 'exponential') return exponential;
  const delays = given.map((delay, index) => toTimerMilliseconds(delay, `${path}[${index}]`));
  return (attempt) => delays[Math.min(attempt, delays.length) - 1] ?? LAST_MS;
}

function exponential(attempt: number): number {
  const delay = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 20));
  return Math.min(LAST_MS, Math.round(delay * (1 + JITTER * Math.random())));
}
