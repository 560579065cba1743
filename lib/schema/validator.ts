import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { ValidationIssue } from '../errors.js';
import { InvalidConfiguration } from '../errors.js';

/** Checks the values of one event's parameters: the broken rules, or undefined if there are none. */
export type Validator = (parameters: object) => readonly ValidationIssue[] | undefined;

const MAX_QUOTED = 60;

/**
 * Compiles the JSON Schema of an event's parameters. Parameters that the schema does not know are let through: whether
 * they are allowed depends on the direction, and their names are checked elsewhere.
 *
 * @param name of the event, for the error
 * @param schema draft-07, an object with `properties`
 * @throws InvalidConfiguration if the schema itself is broken, saying where
 */
export function compileValidator(name: string, schema: object): Validator {
  const { additionalProperties: _closed, ...open } = schema as Record<string, unknown>;
  const first = compile(name, open, { allErrors: false });
  // Listing every broken rule is slower, and only wanted once something is wrong.
  let all: ValidateFunction | undefined;
  return (parameters) => {
    if (first(parameters)) return undefined;
    all ??= compile(name, open, { allErrors: true });
    all(parameters);
    return (all.errors ?? []).slice(0, 20).map(toIssue);
  };
}

function compile(name: string, schema: object, options: { allErrors: boolean }): ValidateFunction {
  const ajv = new Ajv({
    ...options,
    verbose: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
  });
  addFormats.default(ajv);
  try {
    return ajv.compile(schema);
  } catch (cause) {
    throw new InvalidConfiguration(`The schema of event ${name} cannot be compiled: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function toIssue(error: ErrorObject): ValidationIssue {
  const path = error.instancePath;
  const where = path === '' ? 'parameters' : path.slice(1).replaceAll('/', '.');
  return {
    path,
    keyword: error.keyword,
    message: `${where} ${error.message ?? 'is not valid'}${detail(error)}, is ${shorten(error.data)}`,
  };
}

function detail(error: ErrorObject): string {
  if (error.keyword === 'enum') return ` (${shorten(error.params.allowedValues)})`;
  if (error.keyword === 'additionalProperties') return ` (${shorten(error.params.additionalProperty)})`;
  return '';
}

/** A value as short JSON, for an error. */
export function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 3)}...` : text;
}
