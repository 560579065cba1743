import { describeValue } from '../describe-value.js';

/** A value that JSON cannot keep; `message` names it and says what to send instead. */
export class NotJson extends Error {
  override readonly name = 'NotJson';
  /** Where it stands, e.g. `['place', 'zip']`. */
  readonly steps: readonly string[];

  constructor(steps: readonly string[], message: string) {
    super(message);
    this.steps = steps;
  }
}

export interface JsonCopyOptions {
  readonly maxDepth: number;
  /** Whether a top-level key may hold integers that JavaScript cannot tell from their neighbours. */
  readonly allowsUnsafeIntegers: (key: string) => boolean;
}

/**
 * What JSON makes of a value, as `JSON.stringify` would (`toJSON`, no `undefined` in objects, `null` for it in arrays), but
 * for what that would destroy without a word.
 *
 * @returns undefined for undefined
 * @throws NotJson for functions, symbols, NaN, infinite numbers, `Map`, `Set`, `RegExp`, promises, errors, buffers and
 *   typed arrays, for integers beyond 2^53 unless allowed, for cycles and for what is nested too deep
 */
export function jsonCopy(value: unknown, options: JsonCopyOptions): unknown {
  const steps: string[] = [];
  const ancestors: object[] = [];

  function copy(given: unknown): unknown {
    const value = afterToJson(given, steps.at(-1) ?? '');
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      case 'number':
        return copyNumber(value);
      case 'object':
        return value === null ? null : copyObject(value);
      default:
        throw lost(value);
    }
  }

  function copyNumber(value: number): number {
    if (!Number.isFinite(value) || (isUnsafeInteger(value) && !options.allowsUnsafeIntegers(steps[0] ?? ''))) {
      throw lost(value);
    }
    return value;
  }

  function copyObject(value: object): unknown {
    if (value instanceof Number) return copyNumber(value.valueOf());
    if (value instanceof String || value instanceof Boolean) return value.valueOf();
    if (LOST_OBJECTS.some((type) => value instanceof type) || ArrayBuffer.isView(value)) throw lost(value);
    if (ancestors.includes(value)) throw new NotJson([...steps], 'is circular');
    if (ancestors.length === options.maxDepth) {
      throw new NotJson([], `is nested more than ${options.maxDepth} levels deep`);
    }
    ancestors.push(value);
    const copied = Array.isArray(value) ? copyItems(value) : copyProperties(value);
    ancestors.pop();
    return copied;
  }

  function copyItems(items: readonly unknown[]): unknown[] {
    return Array.from(items, (item, index) => at(String(index), item) ?? null);
  }

  function copyProperties(value: object): object {
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const property = at(key, (value as Record<string, unknown>)[key]);
      // Defined, not assigned: the key may be `__proto__`, which the body's rules refuse by its name.
      if (property !== undefined) define(copied, key, property);
    }
    return copied;
  }

  function at(step: string, value: unknown): unknown {
    steps.push(step);
    const copied = copy(value);
    steps.pop();
    return copied;
  }

  function lost(value: unknown): NotJson {
    return new NotJson([...steps], `is ${describeValue(value)}, which JSON cannot keep; ${remedyFor(value)}`);
  }

  return copy(value);
}

/** Those that `JSON.stringify` turns into `{}`, or refuses (a boxed `BigInt`). */
const LOST_OBJECTS = [
  Map,
  Set,
  WeakMap,
  WeakSet,
  Promise,
  RegExp,
  Error,
  ArrayBuffer,
  SharedArrayBuffer,
  Symbol,
  BigInt,
] as const;

/** Where JSON is written with all digits, and readers in other languages take them at their word. */
const MAX_WITHOUT_EXPONENT = 1e21;

/** Whether a number is an integer that JavaScript cannot tell from its neighbours, and that JSON writes as if it could. */
export function isUnsafeInteger(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < MAX_WITHOUT_EXPONENT && Number.isInteger(value);
}

function afterToJson(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'bigint') return value;
  // Its bytes would become a list of numbers.
  if (Buffer.isBuffer(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value, key) : value;
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function remedyFor(value: unknown): string {
  if (typeof value === 'bigint') return 'send its digits as text, or declare the parameter as Parameter.bigint()';
  if (typeof value === 'number') {
    return Number.isFinite(value)
      ? 'send its digits as text, or declare the parameter as Parameter.bigint()'
      : 'send null or text';
  }
  if (value instanceof Map) return 'send an object (Object.fromEntries) or an array of its entries';
  if (value instanceof Set) return 'send an array of its members';
  if (value instanceof Promise) return 'await it first';
  if (value instanceof RegExp) return 'send its source as text';
  if (value instanceof Error) return 'send its message as text';
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer || ArrayBuffer.isView(value)) {
    return 'send its bytes as base64, or declare the parameter as Parameter.bytes()';
  }
  return 'send a value that JSON has';
}
