import { InvalidConfiguration } from './errors.js';

/** A length of time: a string with a unit (`'500ms'`, `'30s'`, `'2m'`, `'7d'`) or a number of **seconds**, below 1000. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

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
    if (duration >= 1000) {
      throw new InvalidConfiguration(
        `${path}: ${duration} is a number of seconds; if milliseconds are meant, write '${duration}ms', else '${duration}s'`,
      );
    }
    if (duration >= 0) return duration * 1000;
  } else if (typeof duration === 'string') {
    const [, amount, unit = ''] = WITH_UNIT.exec(duration) ?? [];
    const milliseconds = Number(amount) * (MS_PER_UNIT[unit] ?? Number.NaN);
    if (Number.isFinite(milliseconds)) return milliseconds;
  }
  throw new InvalidConfiguration(`${path}: ${describe(duration)} is no duration; give ${ALLOWED}`);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
