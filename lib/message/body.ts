import { isUtf8 } from 'node:buffer';
import { PROTOTYPE_KEYS } from '../names.js';
import { isUnsafeInteger, jsonCopy, NotJson } from './json-copy.js';

/** The deepest nesting that a body may have; the parameters object itself is level 1. */
export const MAX_DEPTH = 100;

/** A body that breaks the rules every event keeps, whatever its schema: `reason` completes "the body ...". */
export class MalformedBody extends Error {
  override readonly name = 'MalformedBody';
  /** Where in the body, if at a place in it. */
  readonly steps: readonly string[];

  constructor(message: string, { cause, steps = [] }: { cause?: unknown; steps?: readonly string[] } = {}) {
    super(message, { cause });
    this.steps = steps;
  }
}

/**
 * Bytes to parameters.
 *
 * @throws MalformedBody unless the bytes are UTF-8, JSON, an object, at most {@link MAX_DEPTH} deep, without keys that reach a prototype
 */
export function decodeBody(bytes: Uint8Array): Record<string, unknown> {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  // What cannot be decoded becomes this character; only then is it worth a closer look.
  if (text.includes('\uFFFD') && !isUtf8(bytes)) throw new MalformedBody('is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedBody(`is not JSON: ${quoteStart(text)}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedBody(`is not a JSON object: ${quoteStart(text)}`);
  }
  const flaw = findFlaw(value, 1);
  if (flaw !== undefined) throw new MalformedBody(flaw);
  return value as Record<string, unknown>;
}

/** What about a JSON value no body may have, completing "the body ..."; undefined if it is fine. */
function findFlaw(value: object, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const flaw = typeof item === 'object' && item !== null ? findFlaw(item, depth + 1) : undefined;
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (PROTOTYPE_KEYS.has(key)) return `has a key ${JSON.stringify(key)}, which reaches an object's prototype`;
    const item: unknown = (value as Record<string, unknown>)[key];
    const flaw = typeof item === 'object' && item !== null ? findFlaw(item, depth + 1) : undefined;
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

/** What JSON makes of some parameters: `value` is what a listener will see, a copy, `text` the body. */
export interface EncodedBody {
  readonly text: string;
  readonly value: Record<string, unknown>;
}

/**
 * Parameters to a body. What JavaScript has and JSON has not becomes what JSON makes of it where nothing is lost (a `Date`
 * its ISO string, `undefined` nothing), and it is that which must fit the schema.
 *
 * @param untyped names of parameters without a schema of their own, which must not hold integers beyond 2^53
 * @throws MalformedBody for what JSON would destroy ({@link jsonCopy}), and whatever {@link decodeBody} would refuse
 */
export function encodeBody(parameters: object, untyped: ReadonlySet<string> = NONE): EncodedBody {
  let value: unknown;
  try {
    // Getters run here, too, and may throw.
    const plain = plainCopy(parameters, 1);
    if (plain !== NOT_PLAIN) return { text: JSON.stringify(plain), value: plain as Record<string, unknown> };
    value = jsonCopy(parameters, { maxDepth: MAX_DEPTH, allowsUnsafeIntegers: (key) => !untyped.has(key) });
  } catch (cause) {
    throw malformed(cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedBody('is not an object once it is JSON');
  }
  const flaw = findFlaw(value, 1);
  if (flaw !== undefined) throw new MalformedBody(flaw);
  return { text: JSON.stringify(value), value: value as Record<string, unknown> };
}

const NONE: ReadonlySet<string> = new Set();

function malformed(cause: unknown): MalformedBody {
  if (!(cause instanceof NotJson)) {
    const reason = cause instanceof Error ? firstLine(cause.message) : 'a getter or toJSON threw';
    return new MalformedBody(`cannot be written as JSON: ${reason}`, { cause });
  }
  const { steps, message } = cause;
  if (steps.length === 0) return new MalformedBody(message, { cause });
  return new MalformedBody(`cannot be written as JSON: ${placeOf(steps)} ${message}`, { cause, steps });
}

function placeOf(steps: readonly string[]): string {
  return steps.map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`)).join('');
}

const NOT_PLAIN = Symbol('not plain');

/** A copy of a value that JSON keeps exactly as it is; each getter is read once. Of any other value, `NOT_PLAIN`. */
function plainCopy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !isUnsafeInteger(value) ? value : NOT_PLAIN;
    case 'object':
      if (value === null) return null;
      if (depth > MAX_DEPTH) return NOT_PLAIN;
      return Array.isArray(value) ? plainArray(value, depth) : plainObject(value, depth);
    default:
      return NOT_PLAIN;
  }
}

function plainArray(value: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = [];
  for (let index = 0; index < value.length; index++) {
    const item = plainCopy(value[index], depth + 1);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    copy.push(item);
  }
  return copy;
}

function plainObject(value: object, depth: number): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (PROTOTYPE_KEYS.has(key) || key === 'toJSON') return NOT_PLAIN;
    const item = plainCopy((value as Record<string, unknown>)[key], depth + 1);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    copy[key] = item;
  }
  return copy;
}

function quoteStart(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
