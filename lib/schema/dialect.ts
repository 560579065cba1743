import { isObject, type JsonSchema } from './walk.js';

/** The rules by which a document is read: they differ in what an identifier is and in what stands beside `$ref`. */
export interface Dialect {
  /** Whether `id` identifies, as in draft-04 (`$id` since draft-06). */
  readonly plainId: boolean;
  /** Whether keywords beside `$ref` say nothing, as up to draft-07. */
  readonly refAlone: boolean;
}

/** The dialect that a document's `$schema` names; without it, the newest, in which older keywords keep their meaning. */
export function dialectOf(document: JsonSchema): Dialect {
  const named = typeof document.$schema === 'string' ? document.$schema : '';
  const draft = Number(/draft-0([3467])/.exec(named)?.[1] ?? Number.NaN);
  return { plainId: draft <= 4 || (named === '' && document.$id === undefined), refAlone: draft <= 7 };
}

/** Keywords that only annotate; the others beside a `$ref` are what draft-07 and older ignore. */
const ANNOTATIONS: ReadonlySet<string> = new Set(
  '$comment default deprecated description examples readOnly title writeOnly'.split(' '),
);

/** Says with the keywords of 2020-12 what a schema of any draft says. The schemas in it are left as they are. */
export function modernise(schema: JsonSchema, dialect: Dialect): JsonSchema {
  const modern: Record<string, unknown> = { ...schema };
  if (dialect.refAlone && typeof modern.$ref === 'string') {
    for (const keyword of Object.keys(modern)) {
      if (keyword !== '$ref' && keyword !== 'nullable' && !ANNOTATIONS.has(keyword)) delete modern[keyword];
    }
  }
  moderniseBound(modern, 'exclusiveMinimum', 'minimum');
  moderniseBound(modern, 'exclusiveMaximum', 'maximum');
  moderniseItems(modern);
  moderniseDependencies(modern);
  return modern.nullable === true ? orNull(modern) : modern;
}

// draft-04 and OpenAPI 3.0: `minimum: 1, exclusiveMinimum: true`.
function moderniseBound(schema: Record<string, unknown>, exclusive: string, inclusive: string): void {
  if (typeof schema[exclusive] !== 'boolean') return;
  const bound = schema[inclusive];
  if (schema[exclusive] && typeof bound === 'number') {
    delete schema[inclusive];
    schema[exclusive] = bound;
  } else delete schema[exclusive];
}

// Up to 2019-09: a list of `items` describes the first ones, `additionalItems` the rest.
function moderniseItems(schema: Record<string, unknown>): void {
  const { items, additionalItems } = schema;
  delete schema.additionalItems;
  if (!Array.isArray(items)) return;
  delete schema.items;
  if (items.length > 0) schema.prefixItems = items;
  if (additionalItems !== undefined) schema.items = additionalItems;
}

// Up to draft-07: names and schemas in one keyword.
function moderniseDependencies(schema: Record<string, unknown>): void {
  const { dependencies } = schema;
  if (!isObject(dependencies)) return;
  delete schema.dependencies;
  const entries = Object.entries(dependencies);
  const names = entries.filter(([, value]) => Array.isArray(value));
  const schemas = entries.filter(([, value]) => !Array.isArray(value));
  if (names.length > 0)
    schema.dependentRequired = { ...objectOr(schema.dependentRequired), ...Object.fromEntries(names) };
  if (schemas.length > 0)
    schema.dependentSchemas = { ...objectOr(schema.dependentSchemas), ...Object.fromEntries(schemas) };
}

function objectOr(value: unknown): object {
  return isObject(value) ? value : {};
}

// OpenAPI 3.0: `nullable: true` admits null beside whatever else the schema says.
function orNull({ nullable: _nullable, ...schema }: Record<string, unknown>): JsonSchema {
  const { type, enum: values } = schema;
  const hasEnum = Array.isArray(values);
  const withNull = hasEnum && !values.includes(null) ? [...values, null] : values;
  const composed = ['$ref', 'allOf', 'anyOf', 'oneOf', 'const', 'not'].some((keyword) => keyword in schema);
  if (composed) {
    const annotations = Object.entries(schema).filter(([keyword]) => ANNOTATIONS.has(keyword));
    const rules = Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword));
    return { ...Object.fromEntries(annotations), anyOf: [Object.fromEntries(rules), { type: 'null' }] };
  }
  const types = type === undefined ? undefined : [...new Set([type, 'null'].flat())];
  return { ...schema, ...(types && { type: types }), ...(hasEnum && { enum: withNull }) };
}
