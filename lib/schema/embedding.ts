import type { EventDefinition, ParameterDefinition } from '../definition/api.js';
import { InvalidConfiguration } from '../errors.js';
import { closeForFiring } from './openness.js';
import { SchemaProblem } from './problem.js';
import { type Localised, localise } from './references.js';
import { readSchema } from './source.js';
import { type AnySchema, isObject, type JsonSchema, mapSubschemas } from './walk.js';

/** The schemas of an event's parameters, in 2020-12; references lead to the definitions of both, by name. */
export interface EventSchemas {
  /** By which events are read: open at every depth, unless the author closed an object. */
  readonly received: Embedded;
  /** By which events are fired: closed at every depth, unless the author opened an object. */
  readonly fired: Embedded;
}

/** Schemas of parameters, by name, and what they refer to. */
export interface Embedded {
  readonly parameters: ReadonlyMap<string, AnySchema>;
  readonly definitions: ReadonlyMap<string, AnySchema>;
}

/** @throws InvalidConfiguration naming API, event, parameter and the place in its schema */
export function embed(event: EventDefinition): EventSchemas {
  const received = { parameters: new Map<string, AnySchema>(), definitions: new Map<string, AnySchema>() };
  for (const parameter of event.parameters.values()) {
    const localised = withProblems(event, parameter.name, () => read(parameter));
    const { schema, definitions } = withoutClash(localised, received.definitions, parameter.name);
    received.parameters.set(parameter.name, schema);
    for (const [name, definition] of definitions) received.definitions.set(name, definition);
  }
  return { received, fired: closed(received) };
}

/** One schema of all parameters: an object, open for further ones. */
export function parametersObject({ parameters, definitions }: Embedded, required: readonly string[]): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(parameters),
    ...(required.length > 0 && { required }),
    ...(definitions.size > 0 && { $defs: Object.fromEntries(definitions) }),
  };
}

/** Adds to a problem of a schema which parameter it is in. */
export function withProblems<T>(event: EventDefinition, parameter: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof SchemaProblem)) throw cause;
    const place = cause.path === '' ? '' : `, at ${cause.path} of its schema`;
    throw new InvalidConfiguration(
      `API "${event.apiName}", event "${event.name}", parameter "${parameter}"${place}: ${cause.message}`,
      { cause },
    );
  }
}

function read(parameter: ParameterDefinition): Localised {
  const document = readSchema(parameter.schema);
  const start = parameter.property === undefined ? document : propertyOf(document, parameter.property);
  return localise(document, start, parameter.name);
}

/** The schema of one property of a document, which may say by a reference where its properties are. */
function propertyOf(document: AnySchema, name: string): AnySchema {
  if (!isObject(document)) return document;
  if (isObject(document.properties)) return document.properties[name] as AnySchema;
  const steps = String(document.$ref).slice('#/'.length).split('/');
  return propertyOf(steps.reduce<unknown>((value, step) => (value as JsonSchema)[step], document) as AnySchema, name);
}

/** Two parameters may share a definition, or have different ones of one name: then the second's get its own name before theirs. */
function withoutClash(localised: Localised, taken: ReadonlyMap<string, AnySchema>, parameter: string): Localised {
  const clashes = [...localised.definitions].some(([name, definition]) => {
    const other = taken.get(name);
    return other !== undefined && JSON.stringify(other) !== JSON.stringify(definition);
  });
  if (!clashes) return localised;
  const rename = (name: string) => {
    let renamed = `${parameter}_${name}`;
    while (taken.has(renamed)) renamed = `_${renamed}`;
    return renamed;
  };
  return {
    schema: renameReferences(localised.schema, rename),
    definitions: new Map(
      [...localised.definitions].map(([name, definition]) => [rename(name), renameReferences(definition, rename)]),
    ),
  };
}

function renameReferences(schema: AnySchema, rename: (name: string) => string): AnySchema {
  if (!isObject(schema)) return schema;
  const renamed = mapSubschemas(schema, (subschema) => renameReferences(subschema, rename));
  if (typeof renamed.$ref !== 'string') return renamed;
  return { ...renamed, $ref: `#/$defs/${rename(renamed.$ref.slice('#/$defs/'.length))}` };
}

function closed({ parameters, definitions }: Embedded): Embedded {
  const results = [...parameters].map(([name, schema]) => [name, closeForFiring({ schema, definitions })] as const);
  return {
    parameters: new Map(results.map(([name, { schema }]) => [name, schema])),
    definitions: results[0]?.[1].definitions ?? new Map(),
  };
}
