/** A table of options by name. `T` ties it to the interface that users see: a key missing on either side does not compile. */
export type OptionTable<T = Readonly<Record<string, unknown>>> = { readonly [K in keyof T]-?: Option };

interface Described {
  /** Meaning and unit, in one sentence; the interface that users see says the same. */
  readonly doc: string;
  /** The default in words, where it is worked out. */
  readonly defaultText?: string;
}

/** What an option may be, and its default. */
export type Rule = {
  /** What holds where the option is not given; `null` also allows `null`. Absent: the default is worked out. */
  readonly default?: unknown;
} & RuleByType;

/** What options that are given in code alone may be, by name. `T` ties it to the interface that users see. */
export type RuleTable<T = Readonly<Record<string, unknown>>> = { readonly [K in keyof T]-?: Rule };

type RuleByType =
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly values: readonly string[] }
  /** Milliseconds once resolved; `minimum` and `maximum` are in milliseconds too. */
  | { readonly type: 'duration'; readonly minimum: number; readonly maximum?: number }
  /** `words` are allowed besides numbers. */
  | {
      readonly type: 'integer';
      readonly minimum: number;
      readonly maximum?: number;
      readonly words?: readonly string[];
    }
  /** `allowed` says in words what `pattern` lets through; a `secret` never shows in an error. */
  | { readonly type: 'string'; readonly pattern?: RegExp; readonly allowed?: string; readonly secret?: true }
  /** A path; relative to the configuration file where it stands in one. With `orText` what the file would hold may be given instead. */
  | { readonly type: 'path'; readonly orText?: true }
  /** One string, or a list of at least one. */
  | { readonly type: 'strings' }
  /** Merged option by option over the sources, but taken whole from one source where the default is `null`. */
  | { readonly type: 'group'; readonly options: OptionTable }
  /** A group for each API, and one named `default` for all. */
  | { readonly type: 'perApi'; readonly options: OptionTable }
  /** What only code can give: a function, a signal, a date. `allowed` says in words what fits. */
  | { readonly type: 'value'; readonly fits: (value: unknown) => boolean; readonly allowed: string };

/**
 * One option as data: how it is checked, what it defaults to and what it means. Checking, resolving and every
 * description of the configuration are made from this.
 */
export type Option = Described & Rule;
