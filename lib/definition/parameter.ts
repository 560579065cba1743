import { describeValue } from '../describe-value.js';
import { InvalidConfiguration, InvalidName } from '../errors.js';
import { checkParameterName } from '../names.js';
import { plain } from '../secret-text.js';
import { absenceOf } from './absence.js';
import type { Constant, Schema, Wire } from './infer.js';

/** What a `Parameter` is to the type system; structural, so that two copies of this package fit each other. */
export interface ParameterShape {
  readonly '~lightbus': 'parameter';
  readonly schema: Schema;
  readonly hasDefault: boolean;
}

/**
 * A parameter of an event with more to say than its schema.
 *
 * ```ts
 * user_updated = new Event({
 *   parameters: {
 *     is_admin: new Parameter(Type.Boolean(), { default: false }),
 *     born: Parameter.date(),
 *   },
 * });
 * ```
 *
 * A parameter with a `default` may be left out of `fire`; handlers always receive it. With `encode` and `decode`, the
 * service and its handlers have a value beyond JSON, and what travels is what the schema describes.
 *
 * @throws InvalidConfiguration for an option that does not exist, and for one of `encode` and `decode` without the other
 */
export class Parameter<
  const S extends Schema,
  V = Wire<S>,
  const D extends (unknown extends V ? V : Constant<V>) | undefined = undefined,
> {
  readonly '~lightbus' = 'parameter' as const;
  /** The schema, as given. */
  readonly schema: S;
  /** Whether the parameter may be left out of `fire`. */
  readonly hasDefault: unknown extends D ? true : undefined extends D ? false : true;
  /** What is sent, and what a handler receives, where nothing was given. */
  readonly default: D | undefined;
  /** The value that is sent for the one that was fired. */
  readonly encode: ((value: V) => Wire<S>) | undefined;
  /** The value that handlers get for the one that was sent. */
  readonly decode: ((wire: Wire<S>) => V) | undefined;

  constructor(
    schema: S,
    options: {
      /** The value of the parameter where none is given; must be valid for the schema once it is encoded. */
      readonly default?: D;
      /** Makes what is sent of what is fired. Comes with `decode`. */
      readonly encode?: ((value: V) => Wire<S>) | undefined;
      /** Makes what handlers get of what was sent, after it was validated. Comes with `encode`. */
      readonly decode?: ((wire: Wire<S>) => V) | undefined;
    } = {},
  ) {
    refuseUnknownOptions('new Parameter(schema, options)', options, ['default', 'encode', 'decode']);
    const { encode, decode } = options;
    for (const [name, given] of Object.entries({ encode, decode })) {
      if (given !== undefined && typeof given !== 'function') {
        throw new InvalidConfiguration(
          `new Parameter(schema, options): ${name} is ${describeValue(given)}; give a function`,
        );
      }
    }
    if ((encode === undefined) !== (decode === undefined)) {
      throw new InvalidConfiguration(
        'new Parameter(schema, options): give both encode and decode, so that handlers get what was fired',
      );
    }
    this.schema = schema;
    this.hasDefault = Object.hasOwn(options, 'default') as typeof this.hasDefault;
    this.default = options.default;
    this.encode = encode;
    this.decode = decode;
    Object.freeze(this);
  }

  /** A point in time: a `Date` for services and handlers, RFC 3339 text in UTC on the way. */
  static date(): DateParameter {
    return dateParameter();
  }

  /** Bytes: a `Uint8Array` for services and handlers, base64 on the way. */
  static bytes(): BytesParameter {
    return bytesParameter();
  }

  /** A whole number of any size: a `bigint` for services and handlers, its decimal digits on the way. */
  static bigint(): BigintParameter {
    return bigintParameter();
  }
}

type DateParameter = Parameter<{ readonly type: 'string'; readonly format: 'date-time' }, Date>;
type BytesParameter = Parameter<{ readonly type: 'string'; readonly format: 'byte' }, Uint8Array>;
type BigintParameter = Parameter<{ readonly type: 'string'; readonly pattern: '^-?[0-9]+$' }, bigint>;

// Outside of the class: one that names itself within loses its name in the build.
function dateParameter(): DateParameter {
  return new Parameter(
    { type: 'string', format: 'date-time' },
    { encode: encodeDate, decode: (text) => new Date(text) },
  );
}

function bytesParameter(): BytesParameter {
  return new Parameter(
    { type: 'string', format: 'byte' },
    {
      encode: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      decode: (text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')),
    },
  );
}

function bigintParameter(): BigintParameter {
  return new Parameter({ type: 'string', pattern: '^-?[0-9]+$' }, { encode: String, decode: BigInt });
}

function encodeDate(value: Date): string {
  return value.toISOString();
}

/** One parameter of an event, checked. */
export interface ParameterDefinition {
  readonly name: string;
  /** As given: TypeBox, a literal, or an object with `~standard`; `{}` for a parameter given by its name alone. */
  readonly schema: object;
  /** The property of `schema` that describes the parameter, where it is the schema of all parameters. */
  readonly property?: string;
  readonly hasDefault: boolean;
  /** Shared by all events: copy it before you hand it out. `undefined` unless `hasDefault`. */
  readonly default: unknown;
  /** Between the values of services and those that are sent; absent where they are the same. */
  readonly codec?: { readonly encode: (value: unknown) => unknown; readonly decode: (wire: unknown) => unknown };
  /** Whether it may be missing, without there being a default: `Type.Optional`, `.optional()`. */
  readonly optional: boolean;
}

const ANY_VALUE: object = Object.freeze({});
const SCHEMA_HINT =
  "give a TypeBox schema (Type.String()), a JSON Schema ({ type: 'string' }), an object with ~standard.jsonSchema, or a Parameter around one";

/** A parameter given by its name alone, which admits any JSON value. `where` names API and event in errors. */
export function defineNamedParameter(where: string, name: unknown): ParameterDefinition {
  checkName(where, name);
  return Object.freeze({ name, schema: ANY_VALUE, hasDefault: false, default: undefined, optional: false });
}

/** A parameter given as a schema or as a `Parameter`. `where` names API and event in errors. */
export function defineParameter(where: string, name: string, given: unknown): ParameterDefinition {
  checkName(where, name);
  const here = `${where}, parameter "${name}"`;
  const parameter = isParameter(given) ? given : undefined;
  const schema: unknown = parameter ? parameter.schema : given;
  checkSchema(here, schema);
  const hasDefault = parameter?.hasDefault ?? false;
  const absence = absenceOf(here, schema);
  if (hasDefault && parameter?.default === undefined) {
    throw new InvalidConfiguration(
      `${here}: its default is undefined; leave \`default\` out, or give a JSON value (null for nothing)`,
    );
  }
  return Object.freeze({
    name,
    schema,
    hasDefault: hasDefault || absence.default !== undefined,
    default: hasDefault ? parameter?.default : absence.default,
    optional: !hasDefault && absence.optional,
    ...(parameter?.encode && parameter.decode && { codec: { encode: parameter.encode, decode: parameter.decode } }),
  });
}

/** @throws InvalidConfiguration for a key of `options` that is not in `allowed`, and for options that are not an object */
export function refuseUnknownOptions(what: string, options: unknown, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidConfiguration(
      `${what}: the options are ${describeValue(options)}; give an object with: ${allowed.join(', ')}`,
    );
  }
  const unknown = Object.keys(options).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new InvalidConfiguration(`${what}: ${plain(unknown)} is not an option; known are '${allowed.join("', '")}'`);
  }
}

function isParameter(value: unknown): value is Parameter<Schema, unknown, unknown> {
  return typeof value === 'object' && value !== null && '~lightbus' in value && value['~lightbus'] === 'parameter';
}

/** @throws InvalidName, saying where */
export function checkName(where: string, name: unknown): asserts name is string {
  try {
    checkParameterName(name);
  } catch (error) {
    // The rule is checked without knowledge of its place, which is what the reader needs most.
    throw new InvalidName(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws InvalidConfiguration for what cannot be a schema; `here` names the place */
export function checkSchema(here: string, schema: unknown): asserts schema is object {
  // ArkType's schemas are functions.
  const standard =
    (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema;
  if (standard) {
    const properties = schema['~standard'];
    if (typeof properties === 'object' && properties !== null && 'jsonSchema' in properties) return;
    throw new InvalidConfiguration(
      `${here}: its schema cannot say what it is as JSON Schema (~standard.jsonSchema is missing); ` +
        'update its library (Zod 4.2 or later has it) or use its adapter (Valibot)',
    );
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw new InvalidConfiguration(`${here}: ${describeValue(schema)} is not a schema; ${SCHEMA_HINT}`);
  }
  if ('~lightbus' in schema) {
    throw new InvalidConfiguration(
      `${here}: a definition of ${String(schema['~lightbus'])} is not a schema; ${SCHEMA_HINT}`,
    );
  }
}
