import type { Ajv2020 } from 'ajv/dist/2020.js';

/** Marks a schema each of whose uses is counted. */
export const STEP = 'lightbus:step';
/** More uses of definitions than a message of a megabyte has parts; they take a few tenths of a second. */
const MAX_STEPS = 500_000;

/** How many definitions were used since the validation began. */
export interface Steps {
  taken: number;
}

/** A validation that would take too long. */
export class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
}

/** Replaces keywords of Ajv whose time or whose result would surprise, and adds the one that counts steps. */
export function addKeywords(ajv: Ajv2020, steps: Steps): void {
  ajv.addKeyword({
    keyword: STEP,
    schemaType: 'boolean',
    errors: false,
    before: 'not',
    validate: () => {
      steps.taken += 1;
      if (steps.taken > MAX_STEPS) throw new TooManySteps('need more steps to validate than a message may take');
      return true;
    },
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not hold the same item twice' },
    validate: (wanted: boolean, items: readonly unknown[]) => !wanted || areUnique(items),
  });
  ajv.removeKeyword('multipleOf');
  ajv.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    error: { message: ({ schema }) => `must be multiple of ${String(schema)}` },
    validate: (divisor: number, value: number) => isMultiple(value, divisor),
  });
}

/** Whether no two items are equal as JSON, whatever the order of their keys: in n log n, where Ajv takes n². */
export function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map(canonical)).size === items.length;
}

/** A text that equal JSON values share. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/**
 * Whether a number is a multiple of another as their decimal digits say: 19.99 of 0.01, though their quotient in binary
 * is not a whole number.
 */
export function isMultiple(value: number, divisor: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const [a, b] = [decimal(value), decimal(divisor)];
  const scale = Math.max(a.decimals, b.decimals);
  return (a.digits * 10n ** BigInt(scale - a.decimals)) % (b.digits * 10n ** BigInt(scale - b.decimals)) === 0n;
}

/** A number's shortest decimal form: `digits` × 10^-`decimals`. */
function decimal(value: number): { digits: bigint; decimals: number } {
  const [, whole = '0', fraction = '', exponent = '0'] =
    /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  const decimals = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return decimals < 0 ? { digits: digits * 10n ** BigInt(-decimals), decimals: 0 } : { digits, decimals };
}
