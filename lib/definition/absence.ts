import { isDeepStrictEqual } from 'node:util';
import { InvalidConfiguration } from '../errors.js';

/** What a schema says of a value that is not there. */
export interface Absence {
  /** Whether the value may be missing when the event is received. */
  readonly optional: boolean;
  /** What stands for a missing value; absent where nothing does. */
  readonly default?: unknown;
}

/** How TypeBox 0.34 marks what is optional; TypeBox 1 has the property `~optional`. */
const TYPEBOX_OPTIONAL = Symbol.for('TypeBox.Optional');
const REQUIRED: Absence = { optional: false };

/**
 * Asks a schema what it makes of `undefined`, in the way that its library publishes: Standard Schema's `validate`, or
 * TypeBox's marks. JSON Schema itself has no word for it.
 *
 * @throws InvalidConfiguration if the answer is a value that cannot be sent
 */
export function absenceOf(here: string, schema: object): Absence {
  if (Object.hasOwn(schema, '~optional') || TYPEBOX_OPTIONAL in schema) return { optional: true };
  const standard = '~standard' in schema ? (schema['~standard'] as { validate?: unknown }) : undefined;
  if (typeof standard?.validate !== 'function') return REQUIRED;
  const validate = standard.validate as (value: unknown) => unknown;
  const missing = accepted(validate, undefined);
  if (missing === undefined) return REQUIRED;
  if (missing.value !== undefined) return { optional: false, default: json(here, missing.value) };
  // What accepts even a symbol accepts anything; its type does not say that it may be missing.
  return { optional: accepted(validate, Symbol('nothing')) === undefined };
}

/** What a schema makes of a value; undefined if it refuses it, or cannot say at once. */
function accepted(validate: (value: unknown) => unknown, value: unknown): { value?: unknown } | undefined {
  try {
    const result = validate(value);
    if (result instanceof Promise) {
      result.catch(() => {});
      return undefined;
    }
    if (typeof result !== 'object' || result === null || ('issues' in result && result.issues)) return undefined;
    return result;
  } catch {
    return undefined;
  }
}

function json(here: string, value: unknown): unknown {
  const copy: unknown = attempt(() => JSON.parse(JSON.stringify(value)));
  if (isDeepStrictEqual(copy, value)) return copy;
  throw new InvalidConfiguration(
    `${here}: its default cannot be sent as JSON and come back the same; give a JSON value`,
  );
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
