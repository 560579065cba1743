import type { EventDefinition } from '../definition/api.js';
import { type Embedded, embed, parametersObject } from './embedding.js';
import { isKnownFormat } from './formats.js';
import type { ValidatorFactory } from './validator.js';
import { type AnySchema, forEachSubschema, isObject, type JsonSchema, pointer } from './walk.js';

/**
 * What the schemas of an event say in vain, as sentences: formats that are not checked, and examples that do not fit
 * the schema that they stand in. Neither changes which events are accepted.
 */
export function* remarksOn(event: EventDefinition, validators: ValidatorFactory): Generator<string> {
  const { received } = embed(event);
  const name = `${event.apiName}.${event.name}`;
  for (const [parameter, schema] of received.parameters)
    yield* remarks(`${name}, parameter "${parameter}"`, schema, received, validators);
  for (const [definition, schema] of received.definitions)
    yield* remarks(`${name}, definition "${definition}"`, schema, received, validators);
}

function* remarks(where: string, root: AnySchema, embedded: Embedded, validators: ValidatorFactory): Generator<string> {
  for (const { schema, path } of everySchema(root, [])) {
    const place = path === '' ? where : `${where}, at ${path}`;
    const { format } = schema;
    if (typeof format === 'string' && !isKnownFormat(format))
      yield `${place}: the format ${JSON.stringify(format)} is unknown, so it is not checked`;
    for (const example of examplesIn(schema)) {
      const parameters = new Map([['example', schema]]);
      const [issue] = validators.compile(parametersObject({ ...embedded, parameters }, []))({ example }) ?? [];
      if (issue !== undefined) yield `${place}: an example does not fit: ${issue.message}`;
    }
  }
}

function* everySchema(
  schema: AnySchema,
  steps: readonly string[],
): Generator<{ readonly schema: JsonSchema; readonly path: string }> {
  if (!isObject(schema)) return;
  yield { schema, path: pointer(steps) };
  const inner: { readonly schema: AnySchema; readonly steps: readonly string[] }[] = [];
  forEachSubschema(schema, (subschema, more) => inner.push({ schema: subschema, steps: [...steps, ...more] }));
  for (const each of inner) yield* everySchema(each.schema, each.steps);
}

function examplesIn(schema: JsonSchema): readonly unknown[] {
  const several = Array.isArray(schema.examples) ? schema.examples : [];
  return Object.hasOwn(schema, 'example') ? [...several, schema.example] : several;
}
