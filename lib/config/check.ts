import { describeValue } from '../describe-value.js';
import type { Duration } from '../duration.js';
import { toMilliseconds } from '../duration.js';
import { InvalidConfiguration } from '../errors.js';
import { checkApiName } from '../names.js';
import { looksSecret, plain } from '../secret-text.js';
import type { Rule, RuleTable } from './option.js';
import { didYouMean } from './suggest.js';

/**
 * Checks options that a user gave against their table.
 *
 * @param path names the place in the error, e.g. `lightbus.yaml: apis.auth`; empty at the top
 * @throws InvalidConfiguration for an unknown key or a value that is not allowed, with its path and what is allowed
 */
export function checkOptions(table: RuleTable, given: unknown, path: string): void {
  if (!isMapping(given)) throw refusal(path || 'The configuration', given, `a mapping of ${list(Object.keys(table))}`);
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(table, key)) throw unknownKey(join(path, key), key, Object.keys(table));
    const option = table[key];
    if (option !== undefined && value !== undefined) checkOption(option, value, join(path, key));
  }
}

/** The error for a key that is not there. */
export function unknownKey(path: string, key: string, known: readonly string[]): InvalidConfiguration {
  return new InvalidConfiguration(`${path} is not an option${didYouMean(key, known)}; known are ${list(known)}`);
}

/** The error for a value that is not allowed. */
export function refusal(
  path: string,
  value: unknown,
  allowed: string,
  shown = describeValue(value),
): InvalidConfiguration {
  return new InvalidConfiguration(`${path}: ${shown} is not allowed; give ${allowed}`);
}

/** Checks one value; `undefined` is for the caller to leave out. */
export function checkOption(option: Rule, value: unknown, path: string): void {
  const allowsNull = option.default === null || option.type === 'group' || option.type === 'perApi';
  if (value === null && allowsNull) return;
  switch (option.type) {
    case 'group':
      return checkOptions(option.options, value, path);
    case 'perApi':
      return checkEveryApi(option.options, value, path);
    case 'duration':
      return checkDuration(option, value, path);
    default: {
      const allowed = whatIsAllowed(option, value);
      if (allowed !== undefined) {
        const shown = 'secret' in option ? `a value of type ${typeof value} (not shown)` : describeValue(value);
        throw refusal(path, value, allowed + (allowsNull ? ', or null' : ''), shown);
      }
    }
  }
}

type Scalar = Exclude<Rule, { type: 'group' | 'perApi' | 'duration' }>;

/** What the option allows, if `value` is not among it. */
function whatIsAllowed(option: Scalar, value: unknown): string | undefined {
  switch (option.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'choice':
      return typeof value === 'string' && option.values.includes(value) ? undefined : `one of ${list(option.values)}`;
    case 'integer': {
      const { minimum, maximum = Number.MAX_SAFE_INTEGER, words = [] } = option;
      if (typeof value === 'string' && words.includes(value)) return undefined;
      if (Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum) return undefined;
      const range = option.maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
      return `a whole number ${range}${words.map((word) => `, or '${word}'`).join('')}`;
    }
    case 'strings':
      return isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText))
        ? undefined
        : 'a string, or a list of strings';
    case 'value':
      return option.fits(value) ? undefined : option.allowed;
    case 'path':
      if (!isText(value)) return option.orText ? 'the path of a file, or its text' : 'the path of a file';
      return option.orText || !looksSecret(value) ? undefined : 'the path of a file, not what it holds';
    case 'string':
      if (!isText(value)) return option.allowed ?? 'a string';
      return option.pattern?.test(value) === false ? (option.allowed ?? `what matches ${option.pattern}`) : undefined;
  }
}

function checkDuration(option: Rule & { type: 'duration' }, value: unknown, path: string): void {
  // As Duration: the check is what finds out whether it is one.
  const milliseconds = toMilliseconds(value as Duration, path);
  const { minimum, maximum = Number.POSITIVE_INFINITY } = option;
  if (milliseconds < minimum) throw refusal(path, value, `at least '${minimum}ms'`);
  if (milliseconds > maximum) throw refusal(path, value, `at most '${maximum / 86_400_000}d'`);
}

function checkEveryApi(table: RuleTable, given: unknown, path: string): void {
  if (!isMapping(given)) throw refusal(path, given, "a mapping from API names, or 'default', to options");
  for (const [apiName, options] of Object.entries(given)) {
    if (apiName !== 'default') {
      try {
        checkApiName(apiName);
      } catch (cause) {
        throw new InvalidConfiguration(`${join(path, apiName)}: ${(cause as Error).message}`, { cause });
      }
    }
    if (options !== undefined && options !== null) checkOptions(table, options, join(path, apiName));
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function join(path: string, key: string): string {
  // `lightbus.yaml:` names the file, everything else an option.
  const name = plain(key);
  return path === '' ? name : path.endsWith(':') ? `${path} ${name}` : `${path}.${name}`;
}

function list(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
