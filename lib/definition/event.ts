import { describeValue } from '../describe-value.js';
import { InvalidConfiguration, InvalidName } from '../errors.js';
import { checkEventName } from '../names.js';
import type { FiredObject, Flat, MayBeMissing, MayBeOmitted, ObjectSchema, Schema, Wire } from './infer.js';
import { defineFromObject, isObjectSchema } from './object-schema.js';
import {
  defineNamedParameter,
  defineParameter,
  type ParameterDefinition,
  type ParameterShape,
  refuseUnknownOptions,
} from './parameter.js';

/**
 * What an event carries: the names of its parameters, one bare name for a single parameter, an object of names and
 * schemas, or one schema of an object, whose properties are the parameters. A parameter given by its name alone takes
 * any JSON value and is typed `any`.
 */
export type Parameters =
  | string
  | readonly string[]
  | ObjectSchema
  | { readonly [name: string]: Schema | ParameterShape };

/** What an `Event` is to the type system; structural, so that two copies of this package fit each other. */
export interface EventShape<P = unknown> {
  readonly '~lightbus': 'event';
  readonly parameters: P;
}

/**
 * Something that happened, as a property of an API class; the property's name is the event's name.
 *
 * ```ts
 * class AuthApi extends Api {
 *   static meta = { name: 'auth' } as const;
 *   user_created = new Event({ parameters: ['username', 'email'] });
 *   user_updated = new Event({ parameters: { username: Type.String(), new_email: Type.String({ format: 'email' }) } });
 *   user_deleted = new Event({ parameters: 'username' });
 * }
 * ```
 *
 * A property whose name starts with `_` stays private: it is neither on the bus nor in the exported schema.
 *
 * @throws InvalidConfiguration for an option that does not exist; what is wrong with the parameters is said by `create`,
 * which knows the names
 */
export class Event<const P extends Parameters = readonly []> {
  readonly '~lightbus' = 'event' as const;
  /** The parameters, as given. */
  readonly parameters: P;

  constructor(
    options: {
      /** What the event carries. @default [] */
      readonly parameters?: P | undefined;
    } = {},
  ) {
    refuseUnknownOptions('new Event(options)', options, ['parameters']);
    this.parameters = options.parameters === undefined ? ([] as Parameters as P) : options.parameters;
    Object.freeze(this);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: with `unknown`, `userDb[username] = email` would not compile
type AnyValue = any;
type Described = { readonly [name: string]: unknown };

/** What `fire` takes for parameters `P`: what has a default or is optional may be left out. */
export type FiredParameters<P> = P extends string
  ? { readonly [K in P]: AnyValue }
  : P extends readonly (infer N extends string)[]
    ? [N] extends [never]
      ? { readonly [name: string]: never }
      : { readonly [K in N]: AnyValue }
    : P extends ObjectSchema
      ? FiredObject<P>
      : P extends Described
        ? Flat<
            { readonly [K in keyof P as Omittable<P[K]> extends true ? never : K]: ValueOf<P[K]> } & {
              readonly [K in keyof P as Omittable<P[K]> extends true ? K : never]?: ValueOf<P[K]> | undefined;
            }
          >
        : never;

/** What a handler receives for parameters `P`: what has a default is always there. */
export type ReceivedParameters<P> = P extends string
  ? { [K in P]: AnyValue }
  : P extends readonly (infer N extends string)[]
    ? { [K in N]: AnyValue }
    : P extends ObjectSchema
      ? Wire<P>
      : P extends Described
        ? Flat<
            { -readonly [K in keyof P as Missable<P[K]> extends true ? never : K]: ValueOf<P[K]> } & {
              -readonly [K in keyof P as Missable<P[K]> extends true ? K : never]?: ValueOf<P[K]>;
            }
          >
        : never;

type SchemaOf<G> = G extends { readonly '~lightbus': 'parameter'; readonly schema: infer S } ? S : G;
type ValueOf<G> = G extends {
  readonly '~lightbus': 'parameter';
  readonly decode: ((wire: never) => infer V) | undefined;
}
  ? V
  : Wire<SchemaOf<G>>;
type HasDefault<G> = G extends { readonly '~lightbus': 'parameter'; readonly hasDefault: true } ? true : false;
type Omittable<G> = HasDefault<G> extends true ? true : MayBeOmitted<SchemaOf<G>>;
type Missable<G> = HasDefault<G> extends true ? false : MayBeMissing<SchemaOf<G>>;

/** One event of an API, checked. */
export interface EventDefinition {
  readonly apiName: string;
  readonly name: string;
  /** The version of the API. */
  readonly version: number;
  /** By name, in the order of declaration. */
  readonly parameters: ReadonlyMap<string, ParameterDefinition>;
}

/** Whether a property of an API class is an event, of this copy of the package or of another. */
export function isEvent(value: unknown): value is EventShape {
  return typeof value === 'object' && value !== null && '~lightbus' in value && value['~lightbus'] === 'event';
}

/** @throws InvalidName, InvalidConfiguration, naming the event and what is wrong with it; `owner` names the API */
export function defineEvent(
  owner: string,
  identity: { apiName: string; name: string; version: number },
  event: EventShape,
): EventDefinition {
  try {
    checkEventName(identity.apiName, identity.name);
  } catch (error) {
    throw new InvalidName(`${owner}: ${(error as Error).message}`, { cause: error });
  }
  const parameters = new Map<string, ParameterDefinition>();
  const where = `${owner}, event "${identity.name}"`;
  for (const parameter of defineParameters(where, event.parameters)) {
    if (parameters.has(parameter.name)) {
      throw new InvalidConfiguration(`${where}: parameter "${parameter.name}" is given twice; remove one of them`);
    }
    parameters.set(parameter.name, parameter);
  }
  return Object.freeze({ ...identity, parameters });
}

function defineParameters(where: string, given: unknown): ParameterDefinition[] {
  if (typeof given === 'string') return [defineNamedParameter(where, given)];
  if (Array.isArray(given)) return given.map((name) => defineNamedParameter(where, name));
  if (isObjectSchema(given)) return defineFromObject(where, given);
  if (typeof given === 'object' && given !== null) {
    return Object.entries(given).map(([name, parameter]) => defineParameter(where, name, parameter));
  }
  throw new InvalidConfiguration(
    `${where}: its parameters are ${describeValue(given)}; give their names (['username', 'email']), an object of names and ` +
      'schemas, or the schema of an object',
  );
}
