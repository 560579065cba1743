import type { Ajv2020 } from 'ajv/dist/2020.js';

/** Marks a schema each of whose uses is counted. */
export const STEP = 'lightbus:step';
/** Uses of definitions that any value may take: some 50 ms. */
const FREE_STEPS = 50_000;
/** What each part of a value allows beyond that: a part may be tried against many alternatives. */
const STEPS_PER_PART = 20;
/** More than a message of a megabyte has parts; they take half a second. */
const MAX_STEPS = 500_000;

/** Counts how many definitions a validation uses, and ends one that would take too long for the size of its value. */
export class Steps {
  #taken = 0;
  #limit = FREE_STEPS;
  #value: unknown;

  get taken(): number {
    return this.#taken;
  }

  begin(value: unknown): void {
    this.#taken = 0;
    this.#limit = FREE_STEPS;
    this.#value = value;
  }

  /** @throws TooManySteps */
  take(): void {
    this.#taken += 1;
    if (this.#taken <= this.#limit) return;
    if (this.#limit === FREE_STEPS) {
      const parts = countParts(this.#value, MAX_STEPS / STEPS_PER_PART);
      this.#limit = Math.min(MAX_STEPS, FREE_STEPS + parts * STEPS_PER_PART);
    }
    if (this.#taken > this.#limit) throw new TooManySteps('need more steps to validate than a message may take');
  }
}

/** How many values a value consists of, itself among them; no more than `most` are counted. */
export function countParts(value: unknown, most: number): number {
  let counted = 0;
  const count = (part: unknown): void => {
    counted += 1;
    if (typeof part !== 'object' || part === null) return;
    for (const key in part) if (counted < most) count((part as Record<string, unknown>)[key]);
  };
  count(value);
  return counted;
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
      steps.take();
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
