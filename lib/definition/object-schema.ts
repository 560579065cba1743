import { describeValue } from '../describe-value.js';
import { InvalidConfiguration } from '../errors.js';
import { checkName, checkSchema, type ParameterDefinition } from './parameter.js';

type Json = { readonly [keyword: string]: unknown };

/** What may stand beside the properties of a schema for all parameters; anything else would be lost. */
const ALLOWED: ReadonlySet<string> = new Set(
  (
    '$anchor $comment $defs $id $ref $schema additionalProperties definitions deprecated description example examples ' +
    'id properties required title type unevaluatedProperties'
  ).split(' '),
);

/** Whether somebody gave one schema for all parameters of an event. */
export function isObjectSchema(given: unknown): given is object {
  if ((typeof given !== 'object' && typeof given !== 'function') || given === null || Array.isArray(given))
    return false;
  return '~standard' in given || '~kind' in given || (given as Json).type === 'object' || '$ref' in given;
}

/**
 * The parameters that the properties of a schema describe.
 *
 * @throws InvalidConfiguration unless the schema is one of an object and says nothing that goes beyond its properties
 */
export function defineFromObject(where: string, schema: object): ParameterDefinition[] {
  checkSchema(`${where}, its parameters`, schema);
  const output = objectOf(where, documentOf(where, schema, 'output'));
  const input = objectOf(where, documentOf(where, schema, 'input') ?? output);
  const said = Object.keys(output).find((keyword) => !ALLOWED.has(keyword) && !/^(?:x-|~)/.test(keyword));
  if (said !== undefined || !isJson(output.properties)) {
    const what =
      said === undefined ? 'names no properties' : `says "${said}" of all of them, which no single parameter can keep`;
    throw new InvalidConfiguration(
      `${where}: the schema of its parameters ${what}; write { parameters: { data: <the schema> } } to send it as one parameter`,
    );
  }
  const isStandard = '~standard' in schema;
  const [required, given] = [listOf(output.required), isStandard ? listOf(input.required) : listOf(output.required)];
  return Object.entries(output.properties).map(([name, property]) => {
    checkName(where, name);
    const mayBeOmitted = !given.includes(name);
    const hasDefault = mayBeOmitted && (required.includes(name) || (isJson(property) && 'default' in property));
    return Object.freeze({
      name,
      schema,
      property: name,
      hasDefault,
      default: hasDefault ? defaultOf(`${where}, parameter "${name}"`, schema, name, property) : undefined,
      optional: mayBeOmitted && !hasDefault,
    });
  });
}

function defaultOf(here: string, schema: object, name: string, property: unknown): unknown {
  if (isJson(property) && 'default' in property) return property.default;
  // ArkType lists its properties, each with its default, but leaves the default out of the JSON Schema.
  const { props } = schema as { props?: readonly { readonly key: unknown; readonly default?: unknown }[] };
  const known = Array.isArray(props) ? props.find(({ key }) => key === name) : undefined;
  if (known !== undefined && 'default' in known && typeof known.default !== 'function') return known.default;
  throw new InvalidConfiguration(
    `${here}: its schema has a default, and does not say which; give the parameters one by one, this one as ` +
      'new Parameter(<its schema>, { default: … })',
  );
}

function documentOf(where: string, schema: object, direction: 'input' | 'output'): Json | undefined {
  if (!('~standard' in schema)) return schema as Json;
  const { jsonSchema } = schema['~standard'] as { jsonSchema: Record<string, (options: object) => unknown> };
  try {
    return jsonSchema[direction]?.({ target: 'draft-2020-12' }) as Json;
  } catch (cause) {
    if (direction === 'input') return undefined;
    throw new InvalidConfiguration(
      `${where}: the schema of its parameters cannot be said as JSON Schema: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The object that a document describes: itself, or the definition that it refers to. */
function objectOf(where: string, document: Json | undefined): Json {
  let target: unknown = document;
  if (isJson(document) && typeof document.$ref === 'string' && document.$ref.startsWith('#/')) {
    for (const step of document.$ref.slice(2).split('/')) target = isJson(target) ? target[step] : undefined;
  }
  if (isJson(target) && (target.type === 'object' || isJson(target.properties))) return target;
  throw new InvalidConfiguration(
    `${where}: the schema of its parameters describes ${isJson(target) ? JSON.stringify(target.type ?? 'no object') : describeValue(target)}; ` +
      'give the schema of an object, or write { parameters: { data: <the schema> } }',
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
