import { openLike } from './openness.js';
import { SchemaProblem } from './problem.js';
import { copySchema, messageOf } from './raw.js';
import { type AnySchema, forEachSubschema, isObject, isSchema, type JsonSchema, pointer } from './walk.js';

type Direction = 'input' | 'output';

/** What people give as a schema and what speaks for it: Standard JSON Schema, see https://standardschema.dev. */
interface StandardSchema {
  readonly '~standard': {
    readonly vendor?: string;
    readonly jsonSchema: { readonly [D in Direction]: (options: { target: string }) => unknown };
  };
}

const CONVERT = 'describe the value as it is sent, and convert it with `encode` and `decode` of a Parameter';

/**
 * The JSON Schema of whatever was given for a schema, in the draft that it was written in, as a copy that nobody changes.
 *
 * @throws SchemaProblem for what has no JSON form
 */
export function readSchema(given: object): AnySchema {
  if (!('~standard' in given)) return copySchema(given);
  const standard = given as StandardSchema;
  const output = describe(standard, 'output');
  const input = attempt(() => describe(standard, 'input')) ?? output;
  refuseUndescribed(output, input, []);
  return openLike(output, input);
}

function describe(schema: StandardSchema, direction: Direction): AnySchema {
  const { vendor, jsonSchema } = schema['~standard'];
  if (vendor === 'arktype') return copySchema(describeArkType(schema, direction));
  let described: unknown;
  try {
    described = jsonSchema[direction]({ target: 'draft-2020-12' });
  } catch (cause) {
    throw new SchemaProblem('', `its library cannot say it as JSON Schema (${messageOf(cause)}); ${CONVERT}`, {
      cause,
    });
  }
  if (!isObject(described)) {
    throw new SchemaProblem(
      '',
      `its library describes it as ${typeof described}, which is not a JSON Schema; update the library`,
    );
  }
  return copySchema(vendor === 'effect' ? (correctEffect(described) as object) : described);
}

/** What ArkType cannot say as JSON Schema it leaves open, unless it is asked to tell of it. */
interface ArkType {
  readonly in: ArkType;
  readonly out: ArkType;
  toJsonSchema(options: { fallback: (context: Unsaid) => object }): object;
}
interface Unsaid {
  readonly code: string;
  readonly base: object;
  readonly unit?: unknown;
}

function describeArkType(schema: object, direction: Direction): object {
  const type = schema as ArkType;
  const fallback = ({ code, base, unit }: Unsaid) => {
    // A predicate narrows what is said already; a value that may be missing is not said within JSON.
    if (code === 'predicate') return base;
    if (code === 'unit' && unit === undefined) return { not: {} };
    throw new SchemaProblem('', `ArkType has no JSON Schema for a part of it (${code}); ${CONVERT}`);
  };
  try {
    return (direction === 'output' ? type.out : type.in).toJsonSchema({ fallback });
  } catch (cause) {
    if (cause instanceof SchemaProblem) throw cause;
    throw new SchemaProblem('', `its library cannot say it as JSON Schema (${messageOf(cause)}); ${CONVERT}`, {
      cause,
    });
  }
}

/** A conversion whose result nobody describes: its type says more than what could be checked. */
function refuseUndescribed(output: AnySchema, input: AnySchema, steps: readonly string[]): void {
  if (!isObject(output) || !isObject(input)) return;
  if (saysNothing(output) && !saysNothing(input)) {
    throw new SchemaProblem(pointer(steps), `its library does not say what it converts the value to; ${CONVERT}`);
  }
  forEachSubschema(output, (subschema, more) => {
    const other = more.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], input);
    if (isSchema(other)) refuseUndescribed(subschema, other, [...steps, ...more]);
  });
}

function saysNothing(schema: JsonSchema): boolean {
  return Object.keys(schema).every((keyword) => keyword === '$schema');
}

/**
 * Effect sends NaN and the infinities as texts, which a listener would get as texts: only numbers remain. It also says of
 * each object that it is open, whether or not its author did.
 */
function correctEffect(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(correctEffect);
  if (!isObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, correctEffect(item)]));
  if (copy.additionalProperties === true && isObject(copy.properties)) delete copy.additionalProperties;
  if (!Array.isArray(copy.anyOf)) return copy;
  const { anyOf, ...rest } = copy;
  const members = (anyOf as unknown[]).filter((member) => !isNonNumbers(member));
  if (members.length === (anyOf as unknown[]).length) return copy;
  return members.length === 1 && isObject(members[0]) ? { ...members[0], ...rest } : { ...rest, anyOf: members };
}

function isNonNumbers(schema: unknown): boolean {
  return isObject(schema) && JSON.stringify(schema.enum) === '["Infinity","-Infinity","NaN"]';
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
