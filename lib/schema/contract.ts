import type { EventDefinition, ParameterDefinition } from '../definition/api.js';
import { describeValue } from '../describe-value.js';
import { InvalidConfiguration, InvalidEventArguments, ValidationError, type ValidationIssue } from '../errors.js';
import { type JsonSchema, parametersSchema } from './json-schema.js';
import { compileValidator } from './validator.js';

/** Parameters by name. */
export type ParameterValues = Record<string, unknown>;

/** What an event's definition demands of its parameters, compiled once. */
export interface Contract {
  /**
   * What was given to `fire`, with defaults filled in.
   *
   * @throws InvalidEventArguments for what is no object of parameters, for missing and for unknown names
   */
  complete(given: unknown): ParameterValues;
  /** What was received, with defaults filled in for what an older producer left out. Unknown parameters stay. */
  withDefaults(received: ParameterValues): ParameterValues;
  /** @throws ValidationError for values that do not fit the schema, listing what is wrong with each */
  validate(parameters: ParameterValues): void;
}

/** @throws InvalidConfiguration if a schema of the event is broken, or a default does not fit its own */
export function createContract(event: EventDefinition): Contract {
  const name = `${event.apiName}.${event.name}`;
  const required = [...event.parameters.values()].filter((parameter) => !parameter.hasDefault && !parameter.optional);
  const defaults = [...event.parameters.values()].filter((parameter) => parameter.hasDefault);
  const isKnown = (key: string) => event.parameters.has(key);
  const schema = parametersSchema(event);
  const validator = compileValidator(name, schema);
  if (defaults.length > 0) checkDefaults(name, schema, defaults);

  function withDefaults(received: ParameterValues): ParameterValues {
    let completed = received;
    for (const parameter of defaults) {
      if (received[parameter.name] !== undefined) continue;
      if (completed === received) completed = { ...received };
      completed[parameter.name] = structuredClone(parameter.default);
    }
    return completed;
  }

  function complete(given: unknown): ParameterValues {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw noParameters(event, given);
    const values = given as ParameterValues;
    const keys = Object.keys(values);
    if (keys.every(isKnown) && required.every(({ name }) => values[name] !== undefined)) return withDefaults(values);
    const unknown = keys.filter((key) => !isKnown(key));
    const missing = required.filter(({ name }) => values[name] === undefined).map((parameter) => parameter.name);
    throw wrongNames(event, missing, unknown);
  }

  function validate(parameters: ParameterValues): void {
    const issues = validator(parameters);
    if (issues !== undefined) throw invalid(name, issues);
  }

  return { complete, withDefaults, validate };
}

function checkDefaults(name: string, schema: JsonSchema, defaults: readonly ParameterDefinition[]): void {
  const { required: _required, ...alone } = schema;
  const values = Object.fromEntries(defaults.map((parameter) => [parameter.name, parameter.default]));
  const issues = compileValidator(name, alone)(values);
  if (issues === undefined) return;
  const list = issues.map((issue) => issue.message).join('; ');
  throw new InvalidConfiguration(
    `Event ${name} has a default that does not fit its schema: ${list}; change one of them`,
  );
}

/** The error for parameters that break rules, naming each. */
export function invalid(name: string, issues: readonly ValidationIssue[]): ValidationError {
  const list = issues.map((issue) => issue.message).join('; ');
  return new ValidationError(`Event ${name} has parameters that do not fit its schema: ${list}`, { issues });
}

function noParameters(event: EventDefinition, given: unknown): InvalidEventArguments {
  // Only what kind of value it is: events hold what others must not read.
  const what = ['object', 'undefined'].includes(typeof given) ? describeValue(given) : `a ${typeof given}`;
  return new InvalidEventArguments(
    `Event ${event.apiName}.${event.name} was fired with ${what}; give its parameters by name: ${usage(event)}`,
  );
}

function wrongNames(
  event: EventDefinition,
  missing: readonly string[],
  unknown: readonly string[],
): InvalidEventArguments {
  const parts = [
    missing.length > 0 ? `is missing ${list(missing)}` : '',
    unknown.length > 0 ? `has no ${list(unknown)}` : '',
  ].filter((part) => part !== '');
  return new InvalidEventArguments(
    `Event ${event.apiName}.${event.name} ${parts.join(' and ')}; it takes ${usage(event)}`,
  );
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}...` : name));
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `parameter${names.length > 1 ? 's' : ''} ${shown.join(', ')}${more}`;
}

function usage(event: EventDefinition): string {
  if (event.parameters.size === 0) return 'no parameters';
  const names = [...event.parameters.values()].map(
    (parameter) => `${parameter.name}${parameter.hasDefault || parameter.optional ? '?' : ''}`,
  );
  return `{ ${names.join(', ')} }`;
}
