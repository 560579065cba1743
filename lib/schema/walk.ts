/** A JSON Schema that is an object. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A value at a place where a schema may stand; JSON Schema allows `true` and `false` for schemas. */
export type AnySchema = JsonSchema | boolean;

/** What the value of a keyword holds. A keyword that is not listed holds data, which nobody looks into. */
type Holds = 'schema' | 'schemas' | 'schemas by name' | 'schema or schemas' | 'schemas or names by name';

const KEYWORDS: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ['additionalItems', 'schema'],
  ['additionalProperties', 'schema'],
  ['contains', 'schema'],
  ['contentSchema', 'schema'],
  ['else', 'schema'],
  ['if', 'schema'],
  ['not', 'schema'],
  ['propertyNames', 'schema'],
  ['then', 'schema'],
  ['unevaluatedItems', 'schema'],
  ['unevaluatedProperties', 'schema'],
  ['allOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['prefixItems', 'schemas'],
  ['items', 'schema or schemas'],
  ['$defs', 'schemas by name'],
  ['definitions', 'schemas by name'],
  ['dependentSchemas', 'schemas by name'],
  ['patternProperties', 'schemas by name'],
  ['properties', 'schemas by name'],
  ['dependencies', 'schemas or names by name'],
]);

/** Whether a value can be a schema: an object, `true` or `false`. */
export function isSchema(value: unknown): value is AnySchema {
  return typeof value === 'boolean' || isObject(value);
}

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Calls `visit` for each schema that stands directly in `schema`, with the steps that lead to it, e.g.
 * `['properties', 'name']`.
 */
export function forEachSubschema(schema: JsonSchema, visit: (subschema: AnySchema, steps: readonly string[]) => void) {
  for (const [keyword, value] of Object.entries(schema)) {
    const holds = KEYWORDS.get(keyword);
    if (holds === undefined) continue;
    if (Array.isArray(value) && holds.startsWith('schema') && !holds.endsWith('by name') && holds !== 'schema') {
      for (const [index, item] of value.entries()) if (isSchema(item)) visit(item, [keyword, String(index)]);
    } else if (holds.endsWith('by name') && isObject(value)) {
      for (const [name, item] of Object.entries(value)) if (isSchema(item)) visit(item, [keyword, name]);
    } else if ((holds === 'schema' || holds === 'schema or schemas') && isSchema(value)) visit(value, [keyword]);
  }
}

/** A copy of `schema` in which each schema that stands directly in it is what `change` returns for it. */
export function mapSubschemas(
  schema: JsonSchema,
  change: (subschema: AnySchema, keyword: string, name?: string) => AnySchema,
): JsonSchema {
  const copy: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) define(copy, keyword, mapKeyword(keyword, value, change));
  return copy;
}

function mapKeyword(
  keyword: string,
  value: unknown,
  change: (subschema: AnySchema, keyword: string, name?: string) => AnySchema,
): unknown {
  const holds = KEYWORDS.get(keyword);
  if (holds === undefined) return value;
  if (holds.endsWith('by name')) {
    if (!isObject(value)) return value;
    const copy: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      define(copy, name, isSchema(item) ? change(item, keyword, name) : item);
    }
    return copy;
  }
  if (Array.isArray(value)) {
    return holds === 'schema' ? value : value.map((item) => (isSchema(item) ? change(item, keyword) : item));
  }
  return holds !== 'schemas' && isSchema(value) ? change(value, keyword) : value;
}

/** Sets an own property, whatever its name. */
export function define(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true, configurable: true });
  else object[name] = value;
}

/** Steps through a schema as a JSON Pointer for readers: `/properties/name`. */
export function pointer(steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
