// Structural on purpose: an import of a schema library's types would force that library on everybody who compiles
// against this package.

/**
 * What describes a parameter: a TypeBox schema, a plain JSON Schema literal, or any object with
 * `~standard.jsonSchema` (Zod 4.2 or later, ArkType, Valibot's adapter).
 */
export type Schema = object;

/** The TypeScript type of the values that `S` describes, as they travel. */
export type Wire<S> = S extends StandardTyped<infer T> ? OutputOf<T> : S extends TypeBox034<infer T> ? T : Infer<S>;

/** Whether a parameter of schema `S` may be left out when the event is fired. */
export type MayBeOmitted<S> = S extends StandardTyped<infer T> ? AdmitsUndefined<InputOf<T>> : IsOptional<S>;

/** Whether a parameter of schema `S` may be missing when the event is received. */
export type MayBeMissing<S> = S extends StandardTyped<infer T> ? AdmitsUndefined<OutputOf<T>> : IsOptional<S>;

type IsOptional<S> = S extends TypeBoxOptional ? true : S extends TypeBox034<unknown> ? HasOptionalMark<S> : false;

/** A schema for all parameters of an event: its properties are the parameters. */
export type ObjectSchema =
  | { readonly type: 'object'; readonly properties: object }
  | { readonly '~standard': { readonly version: 1 } };

/** What is fired by a schema for all parameters: what its input admits as missing may be left out. */
export type FiredObject<S> =
  S extends StandardTyped<infer T>
    ? OmittableLike<OutputOf<T>, InputOf<T>>
    : { readonly [K in keyof Wire<S>]: Wire<S>[K] };
type OmittableLike<O, I> = Flat<
  { readonly [K in keyof O as K extends OptionalKeys<I> ? never : K]: O[K] } & {
    readonly [K in keyof O as K extends OptionalKeys<I> ? K : never]?: O[K] | undefined;
  }
>;
type OptionalKeys<I> = { [K in keyof I]-?: undefined extends I[K] ? K : never }[keyof I];

interface StandardTyped<T> {
  readonly '~standard': { readonly types?: T };
}
/** TypeBox 0.34 carries the type of the values on the schema's. */
interface TypeBox034<T> {
  readonly static: T;
  readonly params: unknown[];
}
/** It marks what is optional with a symbol that only it knows. */
type HasOptionalMark<S> = true extends {
  [K in keyof S]: K extends symbol ? (S[K] extends 'Optional' ? true : false) : false;
}[keyof S]
  ? true
  : false;
type OutputOf<T> = NonNullable<T> extends { readonly output: infer O } ? O : unknown;
type InputOf<T> = NonNullable<T> extends { readonly input: infer I } ? I : unknown;
interface TypeBoxOptional {
  readonly '~optional': true;
}

type IsAny<T> = 0 extends 1 & T ? true : false;
/** `any` and `unknown` say nothing about being left out. */
type AdmitsUndefined<T> = unknown extends T ? false : undefined extends T ? true : false;

// biome-ignore lint/suspicious/noExplicitAny: a type that a schema leaves open must not stop anybody from using the value
type Anything = any;

/** The type that a TypeBox schema or a JSON Schema literal describes; `any` for `$ref`, `unknown` where it cannot be read off. */
export type Infer<S> =
  IsAny<S> extends true
    ? Anything
    : S extends { readonly '~unsafe': infer T }
      ? T
      : S extends { readonly $ref: unknown }
        ? Anything
        : S extends { readonly '~kind': 'Any' }
          ? Anything
          : S extends { readonly '~kind': 'Never' }
            ? never
            : S extends { readonly const: infer C }
              ? C
              : S extends { readonly enum: readonly (infer E)[] }
                ? E
                : Typed<S> & AnyOf<S> & OneOf<S> & AllOf<S>;

type AnyOf<S> = S extends { readonly anyOf: readonly (infer M)[] } ? EachOf<M> : unknown;
type OneOf<S> = S extends { readonly oneOf: readonly (infer M)[] } ? EachOf<M> : unknown;
type EachOf<M> = M extends unknown ? Infer<M> : never;

type AllOf<S> = S extends { readonly allOf: infer M extends readonly unknown[] }
  ? Every<M, true extends IsObject<S> | IsObject<M[number]> ? true : false>
  : unknown;
type Every<M extends readonly unknown[], O> = M extends readonly [infer H, ...infer R]
  ? Member<H, O> & Every<R, O>
  : unknown;
/** A member of `allOf` need not say again that it describes an object (`O`). */
type Member<M, O> = M extends { readonly type: unknown }
  ? Infer<M>
  : M extends { readonly properties: unknown }
    ? (O extends true ? OfObject<M> : unknown) & AllOf<M>
    : Infer<M>;
type IsObject<S> = S extends { readonly type: 'object' } ? true : false;

type Typed<S> = S extends { readonly type: infer T }
  ? T extends readonly (infer U)[]
    ? EachType<S, U>
    : OfType<S, T> | (S extends { readonly nullable: true } ? null : never)
  : unknown;
type EachType<S, U> = U extends unknown ? OfType<S, U> : never;

type OfType<S, T> = T extends 'string'
  ? string
  : T extends 'number' | 'integer'
    ? number
    : T extends 'boolean'
      ? boolean
      : T extends 'null'
        ? null
        : T extends 'array'
          ? OfArray<S>
          : T extends 'object'
            ? OfObject<S>
            : unknown;

type OfArray<S> = S extends { readonly prefixItems: infer I extends readonly unknown[] }
  ? Tuple<I, S extends { readonly items: false } ? [] : unknown[]>
  : S extends { readonly items: infer I }
    ? I extends readonly unknown[]
      ? Tuple<I, S extends { readonly additionalItems: false } ? [] : unknown[]>
      : Infer<I>[]
    : unknown[];
type Tuple<I extends readonly unknown[], Rest extends unknown[]> = [...Elements<I>, ...Rest];
type Elements<I extends readonly unknown[]> = I extends readonly [infer H, ...infer R]
  ? [...(H extends TypeBoxOptional ? [Infer<H>?] : [Infer<H>]), ...Elements<R>]
  : [];

type OfObject<S> = S extends { readonly properties: infer P }
  ? Properties<P, RequiredOf<S, P>> & Further<S, P>
  : S extends { readonly patternProperties: infer P }
    ? { [key: string]: Infer<P[keyof P]> }
    : S extends { readonly additionalProperties: infer A extends object }
      ? { [key: string]: Infer<A> }
      : S extends { readonly allOf: unknown }
        ? object
        : { [key: string]: Anything };

/** What an object may hold beside its properties. An index has to admit the types of the properties, too. */
type Further<S, P> = S extends { readonly additionalProperties: infer A }
  ? A extends true
    ? { [key: string]: Anything }
    : A extends object
      ? { [key: string]: Infer<A> | Infer<P[keyof P]> | undefined }
      : unknown
  : unknown;

/** TypeBox marks what is optional; its `required` holds the same, slower to compute. A literal lists what is required. */
type RequiredOf<S, P> = S extends { readonly '~kind': 'Object' }
  ? { [K in keyof P]: P[K] extends TypeBoxOptional ? never : K }[keyof P]
  : S extends { readonly required: readonly (infer R)[] }
    ? R
    : never;

type Properties<P, R> = Flat<
  { -readonly [K in keyof P as K extends R ? K : never]: Infer<P[K]> } & {
    -readonly [K in keyof P as K extends R ? never : K]?: Infer<P[K]>;
  }
>;

/** Shows an intersection of objects as one object, in editors and in errors. */
export type Flat<T> = { [K in keyof T]: T[K] };

/** `T`, read only at every depth: what a `const` type parameter infers from a literal of type `T`. */
export type Constant<T> = unknown extends T ? T : { readonly [K in keyof T]: Constant<T[K]> };
