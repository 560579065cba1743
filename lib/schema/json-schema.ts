import type { ApiDefinition, EventDefinition, ParameterDefinition } from '../definition/api.js';
import { InvalidConfiguration } from '../errors.js';

/** A JSON Schema, draft-07. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The schema of an API as it is exported: `rpcs` is always empty, and there for readers of Lightbus's files. */
export interface ApiSchema {
  readonly events: { readonly [eventName: string]: { readonly parameters: JsonSchema } };
  readonly rpcs: { readonly [name: string]: never };
}

/** Keywords whose value is data of the user's, and those that hold schemas by names of the user's. */
const DATA: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);
const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'definitions',
  '$defs',
  'dependencies',
  'dependentSchemas',
]);

/** The schema of an event's parameters, as it is exported and as messages are validated. */
export function parametersSchema(event: EventDefinition): JsonSchema {
  const parameters = [...event.parameters.values()];
  const required = parameters.filter(({ hasDefault, optional }) => !hasDefault && !optional).map(({ name }) => name);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    additionalProperties: false,
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, parameterSchema(event, parameter)])),
    ...(required.length > 0 && { required }),
    title: `Event ${event.apiName}.${event.name} parameters`,
    type: 'object',
  };
}

/** The schemas of all events of an API. */
export function exportApi(api: ApiDefinition): ApiSchema {
  const events = [...api.events.values()].map(
    (event) => [event.name, { parameters: parametersSchema(event) }] as const,
  );
  return { events: Object.fromEntries(events), rpcs: {} };
}

/** JSON that is the same bytes for the same content: keys sorted at every depth, two spaces, a final newline. */
export function stableJson(value: unknown): string {
  return `${write(JSON.parse(JSON.stringify(value)), '')}\n`;
}

function parameterSchema(event: EventDefinition, parameter: ParameterDefinition): JsonSchema {
  try {
    // Through JSON, because that is what others will read: what is no JSON or not enumerable is not part of a schema.
    const { $schema: _dialect, ...schema } = clean(
      JSON.parse(JSON.stringify(asJsonSchema(parameter.schema))),
    ) as JsonSchema;
    return parameter.hasDefault ? { ...schema, default: JSON.parse(JSON.stringify(parameter.default)) } : schema;
  } catch (cause) {
    throw new InvalidConfiguration(
      `API "${event.apiName}", event "${event.name}", parameter "${parameter.name}": its schema or default cannot be ` +
        `written as JSON (${(cause as Error).message}); use JSON values, and schemas without transformations`,
      { cause },
    );
  }
}

function asJsonSchema(schema: object): unknown {
  if (!('~standard' in schema)) return schema;
  const standard = schema['~standard'] as { jsonSchema: { output(options: { target: 'draft-07' }): unknown } };
  return standard.jsonSchema.output({ target: 'draft-07' });
}

/** The schema without TypeBox's `~kind` and its like, at every depth; the user's own names and data are left alone. */
function clean(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(clean);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema)
    .filter(([keyword]) => !keyword.startsWith('~'))
    .map(([keyword, value]) => [keyword, cleanKeyword(keyword, value)] as const);
  return Object.fromEntries(entries);
}

function cleanKeyword(keyword: string, value: unknown): unknown {
  if (DATA.has(keyword)) return value;
  if (!SCHEMAS_BY_NAME.has(keyword) || typeof value !== 'object' || value === null) return clean(value);
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, clean(schema)]));
}

// Written by hand, because objects put keys that look like numbers first, whatever order they are given in.
function write(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => deeper + write(item, deeper))
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${write(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
