import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidationIssue } from '../errors.js';
import { FORMATS } from './formats.js';
import { addKeywords, countParts, STEP, Steps, TooManySteps } from './keywords.js';
import { linearPattern, MatchTime, type Pattern } from './patterns.js';
import { isObject, type JsonSchema } from './walk.js';

/** Checks the values of one event's parameters: the broken rules, or undefined if there are none. */
export type Validator = (parameters: object) => readonly ValidationIssue[] | undefined;

const MAX_QUOTED = 60;
const MAX_ISSUES = 20;
/** How many values a message may hold for all its broken rules to be listed rather than the first. */
const MAX_LISTED = 10_000;

/** Compiles the schemas of one bus. */
export class ValidatorFactory {
  readonly #steps = new Steps();
  readonly #matchTime = new MatchTime();
  readonly #patterns = new Map<string, Pattern>();
  readonly #first = this.#createAjv(false);
  readonly #all = this.#createAjv(true);

  /** What the meta-schema finds wrong with a schema: the first place and the rule; undefined for nothing. */
  check(schema: JsonSchema): ErrorObject | undefined {
    if (this.#first.validateSchema(schema)) return undefined;
    return mostHelpful(this.#first.errors ?? []);
  }

  /** @param schema of the parameters, in 2020-12, that `check` has found nothing wrong with */
  compile(schema: JsonSchema): Validator {
    const counted = countSteps(schema);
    let first: ValidateFunction | undefined;
    // Listing every broken rule is slower, and only wanted once something is wrong.
    let all: ValidateFunction | undefined;
    return (parameters) => {
      this.#matchTime.renew();
      first ??= this.#first.compile(counted);
      const broken = this.#run(first, parameters);
      if (broken === undefined || this.#steps.taken > MAX_LISTED || countParts(parameters, MAX_LISTED) >= MAX_LISTED)
        return broken?.map(toIssue);
      all ??= this.#all.compile(counted);
      return (this.#run(all, parameters) ?? broken).slice(0, MAX_ISSUES).map(toIssue);
    };
  }

  #run(validate: ValidateFunction, parameters: object): readonly ErrorObject[] | undefined {
    this.#steps.begin(parameters);
    try {
      return validate(parameters) ? undefined : (validate.errors ?? []);
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      return [{ keyword: '$ref', instancePath: '', schemaPath: '', params: {}, message: error.message }];
    }
  }

  #createAjv(allErrors: boolean): Ajv2020 {
    const ajv = new Ajv2020({
      allErrors,
      verbose: true,
      strict: false,
      strictNumbers: true,
      logger: false,
      validateSchema: false,
      addUsedSchema: false,
      formats: { ...FORMATS, regex: { type: 'string', validate: isPattern } },
      code: { regExp: Object.assign((source: string) => this.#pattern(source), { code: 'linearPattern' }) },
    });
    addKeywords(ajv, this.#steps);
    return ajv;
  }

  #pattern(source: string): Pattern {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    const pattern = linearPattern(source, this.#matchTime);
    this.#patterns.set(source, pattern);
    return pattern;
  }
}

function isPattern(source: string): boolean {
  try {
    linearPattern(source);
    return true;
  } catch {
    return false;
  }
}

/** Counts each use of a definition: references can make a small schema take exponential time. */
function countSteps(schema: JsonSchema): JsonSchema {
  if (!isObject(schema.$defs)) return schema;
  const definitions = Object.entries(schema.$defs).map(
    ([name, definition]) => [name, isObject(definition) ? { ...definition, [STEP]: true } : definition] as const,
  );
  return { ...schema, $defs: Object.fromEntries(definitions) };
}

/** The meta-schema is a list of alternatives; the deepest place is where the fault is. */
function mostHelpful(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  return [...errors].sort((a, b) => depth(b) - depth(a))[0];
}

function toIssue(error: ErrorObject): ValidationIssue {
  const path = error.instancePath;
  const where = path === '' ? 'parameters' : path.slice(1).replaceAll('/', '.');
  return {
    path,
    keyword: error.keyword,
    message: `${where} ${error.message ?? 'is not valid'}${detail(error)}, is ${shorten(error.data)}`,
  };
}

function detail(error: ErrorObject): string {
  if (error.keyword === 'enum') return ` (${shorten(error.params.allowedValues)})`;
  if (error.keyword === 'additionalProperties') return ` (${shorten(error.params.additionalProperty)})`;
  if (error.keyword === 'unevaluatedProperties') return ` (${shorten(error.params.unevaluatedProperty)})`;
  return '';
}

/** A value as short JSON, for an error. */
export function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED - 3)}...` : text;
}
