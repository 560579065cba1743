import { checkOptions } from '../config/check.js';
import type { RuleTable } from '../config/option.js';
import { MAX_TIMER_MS } from '../duration.js';
import type { FireOptions } from './handles.js';
import { SIGNAL } from './signal-option.js';

const MAX_ID_LENGTH = 512;

const FIRE_OPTIONS: RuleTable<FireOptions> = {
  id: {
    type: 'value',
    fits: (value) =>
      typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH && !/[\r\n]/.test(value),
    allowed: `a string of 1 to ${MAX_ID_LENGTH} characters without line breaks`,
  },
  timeout: { type: 'duration', minimum: 0, maximum: MAX_TIMER_MS },
  signal: SIGNAL,
};

/** @throws InvalidConfiguration for unknown options and wrong values; `event` is its full name */
export function checkFireOptions(event: string, options: unknown): void {
  checkOptions(FIRE_OPTIONS, options, `fire of ${event}:`);
}
