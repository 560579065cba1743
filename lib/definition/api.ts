import { describeValue } from '../describe-value.js';
import { InvalidConfiguration, InvalidName } from '../errors.js';
import { checkApiName } from '../names.js';
import { defineEvent, type EventDefinition, isEvent } from './event.js';

export type { EventDefinition } from './event.js';
export type { ParameterDefinition } from './parameter.js';

/**
 * The base of every API: a named group of events.
 *
 * ```ts
 * export class AuthApi extends Api {
 *   static meta = { name: 'auth' } as const; // `as const`, so that the bus is typed by the name
 *   user_created = new Event({ parameters: ['username', 'email'] });
 * }
 * ```
 *
 * `meta.version` is a positive integer, 1 by default. A subclass has the events of the class that it extends.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: it is there to be extended
export class Api {
  // No `static meta` here, else `noImplicitOverride` would ask every user for `override`.
  static readonly '~lightbus' = 'api' as const;
}

/** A class that extends `Api` and says its name. */
export interface ApiClass {
  new (): object;
  readonly '~lightbus': 'api';
  readonly meta: {
    /** `ident(.ident)*`, e.g. `auth` or `my_company.auth`. */
    readonly name: string;
    /** A positive integer. @default 1 */
    readonly version?: number | undefined;
  };
}

/** An API, checked. */
export interface ApiDefinition {
  readonly name: string;
  readonly version: number;
  /** By name, in the order of declaration; without private events. */
  readonly events: ReadonlyMap<string, EventDefinition>;
}

/**
 * Reads an API off its class, which is instantiated once for that.
 *
 * @throws InvalidName for a name of API, event or parameter that breaks the rules
 * @throws InvalidConfiguration for everything else that is wrong; both name the class, the event and the parameter
 */
export function defineApi(apiClass: ApiClass): ApiDefinition {
  const className = checkClass(apiClass);
  const { name, version } = readMeta(className, apiClass.meta);
  const owner = `API "${name}" (class ${className})`;
  const events = new Map<string, EventDefinition>();
  for (const [eventName, value] of Object.entries(instantiate(owner, apiClass))) {
    if (!isEvent(value) || eventName.startsWith('_')) continue;
    events.set(eventName, defineEvent(owner, { apiName: name, name: eventName, version }, value));
  }
  return Object.freeze({ name, version, events });
}

function checkClass(apiClass: unknown): string {
  if (typeof apiClass === 'function' && '~lightbus' in apiClass && apiClass['~lightbus'] === 'api') {
    return apiClass.name || '(anonymous)';
  }
  throw new InvalidConfiguration(
    `${describeValue(apiClass)} is not an API class; give the class itself, e.g. create({ apis: [AuthApi] }), ` +
      'and let it extend Api: class AuthApi extends Api { … }',
  );
}

function readMeta(className: string, meta: unknown): { name: string; version: number } {
  const example = "static meta = { name: 'auth' } as const;";
  if (typeof meta !== 'object' || meta === null || !('name' in meta) || meta.name === undefined) {
    throw new InvalidConfiguration(`API class ${className} has no name; write in it: ${example}`);
  }
  try {
    checkApiName(meta.name);
  } catch (error) {
    throw new InvalidName(`API class ${className}: ${(error as Error).message}`, { cause: error });
  }
  const version = 'version' in meta && meta.version !== undefined ? meta.version : 1;
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    throw new InvalidConfiguration(
      `API "${meta.name}" (class ${className}): meta.version is ${describeValue(version)}; give a positive integer, or leave it out for 1`,
    );
  }
  return { name: meta.name, version: version as number };
}

function instantiate(owner: string, apiClass: ApiClass): object {
  try {
    return new apiClass();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isOld = /^Class constructor \w+ cannot be invoked without 'new'/.test(reason);
    const problem = isOld
      ? `was compiled to ES5, whose classes cannot extend others'; set "target" in tsconfig.json to "es2015" or later`
      : `cannot be made: its constructor threw "${reason}"; an API class is made without arguments, to read its events`;
    throw new InvalidConfiguration(`${owner} ${problem}`, { cause: error });
  }
}
