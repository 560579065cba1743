import { describeValue } from './describe-value.js';
import { InvalidConfiguration } from './errors.js';

/** A length of time: a string with a unit (`'500ms'`, `'30s'`, `'2m'`, `'7d'`) or a number of **seconds**, below 1000. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Timers hold 32 bits of milliseconds, 24.8 days: a longer one would fire at once. */
export const MAX_TIMER_MS = 24 * 86_400_000;

const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WITH_UNIT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const ALLOWED = `a string with a unit ('500ms', '30s', '2m', '7d') or a number of seconds below 1000`;

/**
 * A duration in milliseconds.
 *
 * @param path names the option in the error, e.g. `apis.auth.eventFireTimeout`
 * @throws InvalidConfiguration for anything that is not a duration, and for bare numbers of 1000 or more
 */
export function toMilliseconds(duration: Duration, path: string): number {
  if (typeof duration === 'number') {
    if (duration >= 1000 && Number.isFinite(duration)) {
      throw new InvalidConfiguration(
        `${path}: ${duration} is a number of seconds; if milliseconds are meant, write '${duration}ms', else '${duration}s'`,
      );
    }
    if (duration >= 0 && Number.isFinite(duration)) return duration * 1000;
  } else if (typeof duration === 'string') {
    const [, amount, unit = ''] = WITH_UNIT.exec(duration) ?? [];
    const milliseconds = Number(amount) * (MS_PER_UNIT[unit] ?? Number.NaN);
    if (Number.isFinite(milliseconds)) return milliseconds;
  }
  throw new InvalidConfiguration(`${path}: ${describeValue(duration)} is not a duration; give ${ALLOWED}`);
}

/** The same for what a timer waits for: no shorter than `minimum` milliseconds, no longer than 24 days. */
export function toTimerMilliseconds(duration: Duration, path: string, minimum = 0): number {
  const milliseconds = toMilliseconds(duration, path);
  if (milliseconds >= minimum && milliseconds <= MAX_TIMER_MS) return milliseconds;
  const allowed = milliseconds < minimum ? `at least '${minimum}ms'` : "at most '24d'";
  throw new InvalidConfiguration(`${path}: ${describeValue(duration)} is not allowed; give ${allowed}`);
}
