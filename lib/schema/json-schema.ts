import type { ApiDefinition, EventDefinition, ParameterDefinition } from '../definition/api.js';
import { InvalidConfiguration } from '../errors.js';
import { embed, parametersObject } from './embedding.js';
import { forReaders } from './export.js';
import type { AnySchema, JsonSchema } from './walk.js';

/** The schema of an API as it is exported: `rpcs` is always empty, and there for readers of Lightbus's files. */
export interface ApiSchema {
  readonly events: { readonly [eventName: string]: { readonly parameters: JsonSchema } };
  readonly rpcs: { readonly [name: string]: never };
}

/** The schemas of all events of an API. @throws InvalidConfiguration for a schema that cannot be used */
export function exportApi(api: ApiDefinition): ApiSchema {
  const events = [...api.events.values()].map(
    (event) => [event.name, { parameters: parametersSchema(event) }] as const,
  );
  return { events: Object.fromEntries(events), rpcs: {} };
}

/** The schema of an event's parameters, for readers outside. @throws InvalidConfiguration for a schema that cannot be used */
export function parametersSchema(event: EventDefinition): JsonSchema {
  const { parameters, definitions } = embed(event).received;
  const described = new Map([...parameters].map(([name, schema]) => [name, withDefault(event, name, schema)]));
  return forReaders({
    ...parametersObject({ parameters: described, definitions }, requiredNames(event)),
    additionalProperties: false,
    title: `Event ${event.apiName}.${event.name} parameters`,
  });
}

/** The parameters that every message has to have. */
export function requiredNames(event: EventDefinition): string[] {
  const parameters = [...event.parameters.values()];
  return parameters.filter(({ hasDefault, optional }) => !hasDefault && !optional).map(({ name }) => name);
}

function withDefault(event: EventDefinition, name: string, schema: AnySchema): AnySchema {
  const parameter = event.parameters.get(name);
  if (!parameter?.hasDefault) return schema;
  const value = wireDefault(event, parameter);
  return typeof schema === 'boolean'
    ? { ...(schema ? {} : { not: {} }), default: value }
    : { ...schema, default: value };
}

/** A parameter's default as the JSON that is sent. */
export function wireDefault(event: EventDefinition, { name, default: value, codec }: ParameterDefinition): unknown {
  try {
    return JSON.parse(JSON.stringify(codec ? codec.encode(value) : value));
  } catch (cause) {
    throw new InvalidConfiguration(
      `API "${event.apiName}", event "${event.name}", parameter "${name}": its default cannot be written as JSON ` +
        `(${(cause as Error).message}); give a JSON value`,
      { cause },
    );
  }
}
