import { type AnySchema, define, isObject, type JsonSchema, mapSubschemas } from './walk.js';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema';
/** What draft-07 has no word for. */
const NEWER: readonly string[] = [
  'dependentSchemas',
  'maxContains',
  'minContains',
  'unevaluatedItems',
  'unevaluatedProperties',
];

/**
 * A schema of 2020-12 in the draft that most tools read, draft-07, unless it says what draft-07 cannot; its patterns as
 * most languages read them.
 *
 * @returns the schema with its `$schema`
 */
export function forReaders(schema: JsonSchema): JsonSchema {
  const readable = withPlainPatterns(schema) as JsonSchema;
  if (saysMore(readable)) return { ...readable, $schema: DRAFT_2020 };
  return { ...(toDraft07(readable) as JsonSchema), $schema: DRAFT_07 };
}

function withPlainPatterns(schema: AnySchema): AnySchema {
  if (!isObject(schema)) return schema;
  const { pattern, patternProperties, ...same } = mapSubschemas(schema, withPlainPatterns);
  const plain: Record<string, unknown> = { ...same };
  if (pattern !== undefined) plain.pattern = typeof pattern === 'string' ? withoutGroupNames(pattern) : pattern;
  if (isObject(patternProperties)) {
    const properties: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(patternProperties)) define(properties, withoutGroupNames(key), value);
    plain.patternProperties = properties;
  }
  return plain;
}

/** Names of groups mean nothing in a schema, and Python writes them in another way. */
function withoutGroupNames(pattern: string): string {
  if (pattern.includes('\\k<')) return pattern;
  // What is escaped or in a class is not a group.
  return pattern.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\(\?<(?![=!])[^>]*>/gs, (part) =>
    part.startsWith('(?<') ? '(' : part,
  );
}

function saysMore(schema: AnySchema): boolean {
  if (!isObject(schema)) return false;
  let more = NEWER.some((keyword) => keyword in schema);
  mapSubschemas(schema, (subschema) => {
    more ||= saysMore(subschema);
    return subschema;
  });
  return more;
}

function toDraft07(schema: AnySchema): AnySchema {
  if (!isObject(schema)) return schema;
  const { $defs, $ref, prefixItems, items, dependentRequired, ...same } = mapSubschemas(schema, toDraft07);
  const older: Record<string, unknown> = { ...same };
  if ($defs !== undefined) older.definitions = $defs;
  if (dependentRequired !== undefined) older.dependencies = dependentRequired;
  if (prefixItems !== undefined) older.items = prefixItems;
  if (items !== undefined) older[prefixItems === undefined ? 'items' : 'additionalItems'] = items;
  if (typeof $ref !== 'string') return older;
  const reference = { $ref: $ref.replace('#/$defs/', '#/definitions/') };
  if (Object.keys(older).length === 0) return reference;
  // draft-07 ignores what stands beside a reference.
  return { ...older, allOf: [...(Array.isArray(older.allOf) ? older.allOf : []), reference] };
}
