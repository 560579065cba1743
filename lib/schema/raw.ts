import { SchemaProblem } from './problem.js';
import { type AnySchema, define, type JsonSchema, mapSubschemas, pointer } from './walk.js';

/** Enough for the largest schemas that people publish; what is larger would block the process while it is compiled. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 250;
/** How TypeBox 0.34 marks a schema whose values are converted; TypeBox 1 has the property `~codec`. */
const TRANSFORM = Symbol.for('TypeBox.Transform');

/**
 * A schema as the JSON that others will read: a copy without what JSON has not (functions, symbols, what is not
 * enumerable) and without keywords that begin with `~`, which are a schema library's own.
 *
 * @throws SchemaProblem for what cannot be written as JSON, for what converts values, and for what is too large
 */
export function copySchema(schema: object): JsonSchema {
  return withoutMarks(new Copier().copy(schema, []) as JsonSchema) as JsonSchema;
}

class Copier {
  readonly #above = new Set<object>();
  #values = 0;

  copy(value: unknown, steps: readonly string[]): unknown {
    this.#values += 1;
    if (this.#values > MAX_VALUES) {
      throw new SchemaProblem(
        '',
        `the schema holds more than ${MAX_VALUES} values; leave out what the event does not need`,
      );
    }
    if (typeof value === 'bigint') {
      throw new SchemaProblem(pointer(steps), 'a bigint cannot be written as JSON; give a number or a string');
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new SchemaProblem(pointer(steps), `${value} cannot be written as JSON; leave it out`);
    }
    if (typeof value !== 'object' || value === null) return value;
    if (this.#above.has(value)) {
      throw new SchemaProblem(
        pointer(steps),
        'the object holds itself; refer to it with { $ref: "#" } or a $ref to $defs',
      );
    }
    if (steps.length > MAX_DEPTH) {
      throw new SchemaProblem('', `the schema is nested more than ${MAX_DEPTH} levels deep; use $ref`);
    }
    this.#above.add(value);
    const copy = Array.isArray(value) ? this.#list(value, steps) : this.#object(value, steps);
    this.#above.delete(value);
    return copy;
  }

  #list(value: readonly unknown[], steps: readonly string[]): unknown[] {
    return value.map((item, index) => this.copy(isJson(item) ? item : null, [...steps, String(index)]));
  }

  #object(value: object, steps: readonly string[]): unknown {
    if (TRANSFORM in value || Object.hasOwn(value, '~codec')) {
      throw new SchemaProblem(
        pointer(steps),
        'it converts values, and a listener would get what it converts from; describe the value as it is sent, ' +
          'and convert it with `encode` and `decode` of a Parameter',
      );
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.copy(toJSON.call(value), steps);
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const item = read(value, key, steps);
      if (isJson(item)) define(copy, key, this.copy(item, [...steps, key]));
    }
    return copy;
  }
}

function read(value: object, key: string, steps: readonly string[]): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch (cause) {
    throw new SchemaProblem(pointer([...steps, key]), `the getter "${key}" threw: ${messageOf(cause)}`, { cause });
  }
}

function isJson(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}

/** The schema without TypeBox's `~kind` and its like; the user's own names and data are left alone. */
function withoutMarks(schema: AnySchema): AnySchema {
  if (typeof schema === 'boolean') return schema;
  const kept: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) if (!keyword.startsWith('~')) define(kept, keyword, value);
  return mapSubschemas(kept, withoutMarks);
}

/** What an error of a schema library says, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
