import type { Localised } from './references.js';
import { type AnySchema, isObject, type JsonSchema, mapSubschemas } from './walk.js';

/** Keywords whose schemas describe the very value that their schema describes. */
const IN_PLACE: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas']);
/** Keywords that only ask whether a value fits: a closed schema would change the answer. */
const QUESTIONS: ReadonlySet<string> = new Set(['not', 'if', 'contains', 'propertyNames', 'contentSchema']);
/** Keywords by which an author says what may stand beside the properties. */
const SAID: readonly string[] = ['additionalProperties', 'unevaluatedProperties', 'patternProperties'];

/**
 * `schema`, but open where `like` is open. Zod closes each object in what it says of its output, and only what its author
 * closed (`z.strictObject`) in what it says of its input.
 */
export function openLike(schema: AnySchema, like: AnySchema): AnySchema {
  if (!isObject(schema) || !isObject(like)) return schema;
  const opened = mapBoth(schema, like);
  if (opened.additionalProperties !== false || !isObject(schema.properties) || 'additionalProperties' in like)
    return opened;
  const { additionalProperties: _closed, ...open } = opened;
  return open;
}

function mapBoth(schema: JsonSchema, like: JsonSchema): JsonSchema {
  const position = new Map<string, number>();
  return mapSubschemas(schema, (subschema, keyword, name) => {
    const other = like[keyword];
    if (name !== undefined) return openLike(subschema, isObject(other) ? asSchema(other[name]) : true);
    if (!Array.isArray(other)) return openLike(subschema, asSchema(other));
    const index = position.get(keyword) ?? 0;
    position.set(keyword, index + 1);
    return openLike(subschema, asSchema(other[index]));
  });
}

function asSchema(value: unknown): AnySchema {
  return isObject(value) ? value : true;
}

/**
 * The schema by which an event is fired: at every depth, an object has no properties but those that the schema names, or
 * its author has said what others there may be.
 *
 * A definition is used closed (under its own name) and open, as a part of a larger object (under its name with `~`).
 */
export function closeForFiring({ schema, definitions }: Localised): Localised {
  const closed = new Map<string, AnySchema>();
  for (const [name, definition] of definitions) {
    closed.set(name, close(definition, definitions, 'whole'));
    closed.set(`${name}~`, close(definition, definitions, 'part'));
  }
  return { schema: close(schema, definitions, 'whole'), definitions: closed };
}

type Definitions = Localised['definitions'];

function close(schema: AnySchema, definitions: Definitions, as: 'whole' | 'part'): AnySchema {
  if (!isObject(schema)) return schema;
  // What is put together from parts is closed as a whole, because each part may know other properties.
  const inParts = as === 'part' || isPutTogether(schema);
  const closed = mapSubschemas(schema, (subschema, keyword) => {
    if (QUESTIONS.has(keyword)) return subschema;
    return close(subschema, definitions, inParts && IN_PLACE.has(keyword) ? 'part' : 'whole');
  });
  const result = inParts && typeof closed.$ref === 'string' ? { ...closed, $ref: `${closed.$ref}~` } : closed;
  if (as === 'part' || SAID.some((keyword) => keyword in schema)) return result;
  if (!inParts) return isObject(schema.properties) ? { ...result, additionalProperties: false } : result;
  return namesProperties(schema, definitions, new Set()) ? { ...result, unevaluatedProperties: false } : result;
}

function isPutTogether(schema: JsonSchema): boolean {
  if (['allOf', 'dependentSchemas', 'then', 'else'].some((keyword) => keyword in schema)) return true;
  const alternatives = ['$ref', 'anyOf', 'oneOf'].filter((keyword) => keyword in schema);
  return alternatives.length > 1 || (alternatives.length > 0 && isObject(schema.properties));
}

/** Whether the schema, or one that describes the same value, names properties and leaves no others open. */
function namesProperties(schema: JsonSchema, definitions: Definitions, seen: Set<JsonSchema>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (isObject(schema.properties)) return true;
  const target = typeof schema.$ref === 'string' ? definitions.get(schema.$ref.slice('#/$defs/'.length)) : undefined;
  const parts = [...IN_PLACE].flatMap((keyword) => {
    const value = schema[keyword];
    if (Array.isArray(value)) return value as unknown[];
    return keyword === 'dependentSchemas' && isObject(value) ? Object.values(value) : [value];
  });
  return [target, ...parts].some((part) => isObject(part) && namesProperties(part, definitions, seen));
}
