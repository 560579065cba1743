import type { EventDefinition } from '../definition/api.js';
import { InvalidConfiguration, ValidationError, type ValidationIssue } from '../errors.js';
import { type EventSchemas, embed, parametersObject, withProblems } from './embedding.js';
import { requiredNames, wireDefault } from './json-schema.js';
import { noParameters, wrongNames } from './parameter-names.js';
import { linearPattern } from './patterns.js';
import { SchemaProblem } from './problem.js';
import { messageOf } from './raw.js';
import type { Validator, ValidatorFactory } from './validator.js';
import { type AnySchema, forEachSubschema, isObject, pointer } from './walk.js';

/** Parameters by name. */
export type ParameterValues = Record<string, unknown>;

/** What an event's definition demands of its parameters. */
export interface Contract {
  /** The names of parameters that admit any value. */
  readonly untyped: ReadonlySet<string>;
  /**
   * What was given to `fire`, as it is sent, with defaults filled in.
   *
   * @throws InvalidEventArguments for what is not an object of parameters, for missing and for unknown names
   * @throws ValidationError for a value that `encode` refuses
   */
  complete(given: unknown): ParameterValues;
  /** The values for handlers, of received ones that were validated. @throws whatever a `decode` throws */
  decode(parameters: ParameterValues): ParameterValues;
  /** What was received, with defaults filled in for what an older producer left out. Unknown parameters stay. */
  withDefaults(received: ParameterValues): ParameterValues;
  /** @throws ValidationError for values to fire that do not fit the schema, or that it does not name, at any depth */
  validateFired(parameters: ParameterValues): void;
  /** @throws ValidationError for received values that do not fit the schema */
  validateReceived(parameters: ParameterValues): void;
}

/**
 * Reads and checks the schemas of an event; they are compiled when the first value is validated.
 *
 * @throws InvalidConfiguration if a schema of the event cannot be used, or a default does not fit its own
 */
export function createContract(event: EventDefinition, validators: ValidatorFactory): Contract {
  const name = `${event.apiName}.${event.name}`;
  const schemas = embed(event);
  for (const parameter of event.parameters.keys()) check(event, parameter, schemas, validators);
  const required = requiredNames(event);
  const received = validators.compile(parametersObject(schemas.received, required));
  const fired = validators.compile(parametersObject(schemas.fired, required));
  const defaults = [...event.parameters.values()]
    .filter(({ hasDefault }) => hasDefault)
    .map((parameter) => ({ name: parameter.name, value: wireDefault(event, parameter) }));
  if (defaults.length > 0) checkDefaults(name, schemas, validators, defaults);
  const encoders = [...event.parameters.values()].filter(({ codec }) => codec !== undefined);
  const isKnown = (key: string) => event.parameters.has(key);

  function withDefaults(given: ParameterValues): ParameterValues {
    let completed = given;
    for (const parameter of defaults) {
      if (given[parameter.name] !== undefined) continue;
      if (completed === given) completed = { ...given };
      completed[parameter.name] = structuredClone(parameter.value);
    }
    return completed;
  }

  function complete(given: unknown): ParameterValues {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw noParameters(event, given);
    const values = given as ParameterValues;
    // A name with the value undefined is as good as absent, as in JSON.
    const unknown = Object.keys(values).filter((key) => !isKnown(key) && values[key] !== undefined);
    const missing = required.filter((key) => values[key] === undefined);
    if (unknown.length > 0 || missing.length > 0) throw wrongNames(event, missing, unknown);
    return withDefaults(encoders.length > 0 ? encode(values) : values);
  }

  function encode(values: ParameterValues): ParameterValues {
    const encoded = { ...values };
    for (const { name: parameter, codec } of encoders) {
      if (values[parameter] === undefined) continue;
      try {
        encoded[parameter] = codec?.encode(values[parameter]);
      } catch (cause) {
        const message = `${parameter} cannot be encoded: ${messageOf(cause)}`;
        throw invalid(name, [{ path: `/${parameter}`, keyword: 'encode', message }], cause);
      }
    }
    return encoded;
  }

  function decode(values: ParameterValues): ParameterValues {
    if (encoders.length === 0) return values;
    const decoded = { ...values };
    for (const { name: parameter, codec } of encoders) {
      if (values[parameter] === undefined) continue;
      try {
        decoded[parameter] = codec?.decode(values[parameter]);
      } catch (cause) {
        const message = `${parameter} cannot be decoded: ${messageOf(cause)}`;
        throw invalid(name, [{ path: `/${parameter}`, keyword: 'decode', message }], cause);
      }
    }
    return decoded;
  }

  return {
    untyped: new Set([...event.parameters.values()].filter(({ schema }) => isEmpty(schema)).map(({ name }) => name)),
    complete,
    decode,
    withDefaults,
    validateFired: (parameters) => refuse(name, fired(parameters)),
    validateReceived: (parameters) => refuse(name, received(parameters)),
  };
}

/** Neither a schema of JSON that says anything nor one of a library, which are functions or have symbols and prototypes. */
function isEmpty(schema: object): boolean {
  return typeof schema === 'object' && Reflect.ownKeys(schema).length === 0;
}

function refuse(name: string, issues: ReturnType<Validator>): void {
  if (issues !== undefined) throw invalid(name, issues);
}

function check(
  event: EventDefinition,
  parameter: string,
  { received }: EventSchemas,
  validators: ValidatorFactory,
): void {
  withProblems(event, parameter, () => {
    const schema = received.parameters.get(parameter) as AnySchema;
    if (!isObject(schema)) return;
    const alone =
      received.definitions.size > 0 ? { ...schema, $defs: Object.fromEntries(received.definitions) } : schema;
    const error = validators.check(alone);
    if (error !== undefined)
      throw new SchemaProblem(
        error.instancePath,
        `${quote(error.data)} ${error.message ?? 'is not valid'}${allowed(error.params)}`,
      );
    checkPatterns(alone, []);
  });
}

function allowed(params: Record<string, unknown>): string {
  return Array.isArray(params.allowedValues) ? ` (${params.allowedValues.join(', ')})` : '';
}

function checkPatterns(schema: AnySchema, steps: readonly string[]): void {
  if (!isObject(schema)) return;
  if (typeof schema.pattern === 'string') checkPattern(schema.pattern, [...steps, 'pattern']);
  if (isObject(schema.patternProperties)) {
    for (const pattern of Object.keys(schema.patternProperties)) checkPattern(pattern, [...steps, 'patternProperties']);
  }
  forEachSubschema(schema, (subschema, more) => checkPatterns(subschema, [...steps, ...more]));
}

function checkPattern(pattern: string, steps: readonly string[]): void {
  try {
    linearPattern(pattern);
  } catch (cause) {
    throw new SchemaProblem(pointer(steps), `${quote(pattern)} is not a regular expression of JavaScript`, { cause });
  }
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function checkDefaults(
  name: string,
  { received }: EventSchemas,
  validators: ValidatorFactory,
  defaults: readonly { readonly name: string; readonly value: unknown }[],
): void {
  const values = Object.fromEntries(defaults.map((parameter) => [parameter.name, parameter.value]));
  const issues = validators.compile(parametersObject(received, []))(values);
  if (issues === undefined) return;
  const list = issues.map((issue) => issue.message).join('; ');
  throw new InvalidConfiguration(
    `Event ${name} has a default that does not fit its schema: ${list}; change one of them`,
  );
}

/** The error for parameters that break rules, naming each. */
export function invalid(name: string, issues: readonly ValidationIssue[], cause?: unknown): ValidationError {
  const list = issues.map((issue) => issue.message).join('; ');
  return new ValidationError(`Event ${name} has parameters that do not fit its schema: ${list}`, { issues, cause });
}
