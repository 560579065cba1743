import { quote } from './secret-text.js';

/** What a wrong value is, for an error: `"loud"`, `7`, `an array`, `an object of Date`. Never throws, never shows a secret. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  try {
    if (Array.isArray(value)) return 'an array';
    if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
    if (typeof value !== 'object' || value === null) return String(value);
    if (value instanceof Date && Number.isNaN(value.getTime())) return 'a Date that is not valid';
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' && name !== 'Object' ? `an object of ${name}` : 'an object';
  } catch {
    return 'an object'; // A proxy, or a getter that throws.
  }
}
