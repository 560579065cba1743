import { type Dialect, dialectOf, modernise } from './dialect.js';
import { SchemaProblem } from './problem.js';
import {
  type AnySchema,
  define,
  forEachSubschema,
  isObject,
  isSchema,
  type JsonSchema,
  mapSubschemas,
  pointer,
} from './walk.js';

/** A schema whose references all lead to `#/$defs/<name>`, and what stands there. */
export interface Localised {
  readonly schema: AnySchema;
  /** By name; only what is referred to. */
  readonly definitions: ReadonlyMap<string, AnySchema>;
}

/** Where relative references of a document without an absolute identifier are resolved. */
const BASE = 'https://schema.invalid/';
/** What identifies schemas, or only holds them; in a localised schema nothing does. */
const IDENTIFIERS: ReadonlySet<string> = new Set(
  '$id $schema $anchor $dynamicAnchor $recursiveAnchor $defs definitions components $vocabulary'.split(' '),
);
/** What an OpenAPI file has around its schemas, which is not for the exported schema of one event. */
const OPENAPI_FIELDS: ReadonlySet<string> = new Set(
  (
    'openapi swagger info servers paths webhooks security tags externalDocs jsonSchemaDialect host basePath schemes ' +
    'consumes produces parameters responses securityDefinitions'
  ).split(' '),
);

/**
 * Rewrites one schema of a document to 2020-12, its references and those of all that it refers to included.
 *
 * @param document the root that references start from
 * @param start the schema in it that is wanted, e.g. one property of it
 * @param name for the definition of a schema that refers to itself
 * @throws SchemaProblem for a reference that leads nowhere, or to something outside of the document
 */
export function localise(document: AnySchema, start: AnySchema, name: string): Localised {
  if (typeof document === 'boolean' || typeof start === 'boolean') return { schema: start, definitions: new Map() };
  return new Localiser(document, name).localise(start);
}

/** Where a schema stands in its document: what its references start from, and the way to it. */
interface Place {
  readonly base: string;
  readonly steps: readonly string[];
}

class Localiser {
  readonly #dialect: Dialect;
  readonly #name: string;
  readonly #resources = new Map<string, AnySchema>();
  readonly #anchors = new Map<string, AnySchema>();
  readonly #dynamic = new Map<string, number>();
  readonly #places = new Map<JsonSchema, Place>();
  readonly #names = new Map<AnySchema, string>();
  readonly #pending: [string, AnySchema][] = [];

  constructor(document: JsonSchema, name: string) {
    this.#dialect = dialectOf(document);
    this.#name = name;
    this.#resources.set(BASE, document);
    this.#index(document, BASE, []);
  }

  localise(start: JsonSchema): Localised {
    const schema = this.#rewrite(start, this.#placeOf(start));
    const definitions = new Map<string, AnySchema>();
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      const [name, target] = next;
      definitions.set(name, target === start ? schema : this.#rewrite(target, this.#placeOf(target)));
    }
    const own = this.#names.get(start);
    return { schema: own === undefined ? schema : { $ref: `#/$defs/${own}` }, definitions };
  }

  #index(schema: AnySchema, outer: string, steps: readonly string[]): void {
    if (typeof schema === 'boolean' || this.#places.has(schema)) return;
    let base = outer;
    const id = schema.$id ?? (this.#dialect.plainId ? schema.id : undefined);
    if (typeof id === 'string' && !(this.#dialect.refAlone && '$ref' in schema)) {
      if (id.startsWith('#')) this.#addAnchor(base, id.slice(1), schema, steps);
      else {
        base = absolute(id, outer, pointer(steps)).split('#', 1)[0] as string;
        const known = this.#resources.get(base);
        if (known !== undefined && !sameContent(known, schema)) {
          throw new SchemaProblem(
            pointer(steps),
            `two different schemas are called ${quote(id)}; give one another $id`,
          );
        }
        this.#resources.set(base, schema);
      }
    }
    this.#places.set(schema, { base, steps });
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const anchor = schema[keyword];
      if (typeof anchor !== 'string') continue;
      this.#addAnchor(base, anchor, schema, steps);
      if (keyword === '$dynamicAnchor') this.#dynamic.set(anchor, (this.#dynamic.get(anchor) ?? 0) + 1);
    }
    forEachSubschema(schema, (subschema, more) => this.#index(subschema, base, [...steps, ...more]));
  }

  #addAnchor(base: string, anchor: string, schema: JsonSchema, steps: readonly string[]): void {
    const key = `${base}#${anchor}`;
    const known = this.#anchors.get(key);
    if (known !== undefined && !sameContent(known, schema)) {
      throw new SchemaProblem(pointer(steps), `two different schemas are called "#${anchor}"; rename one`);
    }
    this.#anchors.set(key, schema);
  }

  #rewrite(schema: AnySchema, outer: Place): AnySchema {
    if (typeof schema === 'boolean') return schema;
    const place = this.#places.get(schema) ?? outer;
    const modern = modernise(this.#withoutIdentifiers(schema), this.#dialect);
    const { $ref, $dynamicRef, $recursiveRef, ...rest } = modern;
    const rewritten: Record<string, unknown> = {
      ...mapSubschemas(rest, (subschema) => this.#rewrite(subschema, place)),
    };
    const references = [
      ...(typeof $ref === 'string' ? [this.#follow($ref, schema, place)] : []),
      ...(typeof $dynamicRef === 'string' ? [this.#dynamicRef($dynamicRef, schema, place)] : []),
      ...(typeof $recursiveRef === 'string' ? [this.#follow($recursiveRef, schema, place)] : []),
    ];
    if (references.length === 1) rewritten.$ref = references[0];
    if (references.length > 1) {
      rewritten.allOf = [...arrayOr(rewritten.allOf), ...references.map((reference) => ({ $ref: reference }))];
    }
    return rewritten;
  }

  #withoutIdentifiers(schema: JsonSchema): JsonSchema {
    const kept: Record<string, unknown> = {};
    const isOpenApiFile = typeof schema.openapi === 'string' || typeof schema.swagger === 'string';
    for (const [keyword, value] of Object.entries(schema)) {
      if (IDENTIFIERS.has(keyword) || (isOpenApiFile && OPENAPI_FIELDS.has(keyword))) continue;
      if (keyword === 'id' && this.#dialect.plainId && typeof value === 'string') continue;
      define(kept, keyword, value);
    }
    return kept;
  }

  #follow(reference: string, from: JsonSchema, { base, steps }: Place): string {
    const path = pointer(steps);
    const seen = new Set<AnySchema>([from]);
    let target = this.#resolve(reference, base, path);
    const first = target;
    // A chain of bare references that comes back to itself says nothing, and would be followed forever.
    while (isObject(target) && typeof target.$ref === 'string' && !seen.has(target)) {
      seen.add(target);
      const place = this.#placeOf(target);
      target = this.#resolve(target.$ref, place.base, pointer(place.steps));
    }
    if (seen.has(target)) throw new SchemaProblem(path, `the reference ${quote(reference)} leads back to itself`);
    return `#/$defs/${this.#nameOf(first, reference)}`;
  }

  #dynamicRef(reference: string, from: JsonSchema, place: Place): string {
    const anchor = reference.slice(reference.indexOf('#') + 1);
    if ((this.#dynamic.get(anchor) ?? 0) > 1) {
      throw new SchemaProblem(
        pointer(place.steps),
        `the $dynamicRef ${quote(reference)} has more than one possible target; write the schema out with $ref`,
      );
    }
    return this.#follow(reference, from, place);
  }

  #resolve(reference: string, base: string, path: string): AnySchema {
    const url = absolute(reference, base, path);
    const hash = url.indexOf('#');
    const [uri, fragment] = hash < 0 ? [url, ''] : [url.slice(0, hash), decode(url.slice(hash + 1))];
    const resource = this.#resources.get(uri);
    if (resource === undefined) {
      throw new SchemaProblem(
        path,
        `the reference ${quote(reference)} leads out of the schema; put what it refers to into the schema, under $defs`,
      );
    }
    const target = fragment.startsWith('/')
      ? walk(resource, fragment)
      : fragment === ''
        ? resource
        : this.#anchors.get(`${uri}#${fragment}`);
    if (!isSchema(target)) throw new SchemaProblem(path, `the reference ${quote(reference)} leads nowhere`);
    // It may stand where no keyword of JSON Schema expects a schema: `#/components/schemas/User`.
    this.#index(target, uri, fragment.split('/').slice(1));
    return target;
  }

  #nameOf(target: AnySchema, reference: string): string {
    const known = this.#names.get(target);
    if (known !== undefined) return known;
    const wanted = this.#wantedName(target, reference);
    const taken = new Set(this.#names.values());
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
    this.#names.set(target, name);
    this.#pending.push([name, target]);
    return name;
  }

  #wantedName(target: AnySchema, reference: string): string {
    const id = isObject(target) && typeof target.$id === 'string' ? target.$id : '';
    const fragment = reference.includes('#') ? reference.slice(reference.indexOf('#') + 1) : '';
    const last = (decode(fragment).split('/').pop() || id.split(/[/#]/).filter(Boolean).pop()) ?? '';
    // TypeBox numbers recursive schemas in the order in which a process made them: not a name that lasts.
    if (last === '' || /^T\d+$/.test(last) || /^__schema\d+$/.test(last)) return this.#name;
    return last.replace(/[^A-Za-z0-9_.-]/g, '_');
  }

  #placeOf(schema: AnySchema): Place {
    return (isObject(schema) ? this.#places.get(schema) : undefined) ?? { base: BASE, steps: [] };
  }
}

function absolute(reference: string, base: string, path: string): string {
  try {
    return new URL(reference, base).href;
  } catch (cause) {
    throw new SchemaProblem(path, `${quote(reference)} is not a valid reference`, { cause });
  }
}

function walk(resource: AnySchema, fragment: string): unknown {
  let value: unknown = resource;
  for (const token of fragment.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function arrayOr(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function sameContent(one: AnySchema, other: AnySchema): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}
