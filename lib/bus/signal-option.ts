import type { Rule } from '../config/option.js';

/** An `AbortSignal`, by what is called on it: signals come from other realms and polyfills, too. */
export const SIGNAL: Rule = {
  type: 'value',
  fits: (value) => typeof (value as AbortSignal | null)?.throwIfAborted === 'function',
  allowed: 'an AbortSignal',
};
