import { Api, type ApiDefinition, defineApi } from '../../../lib/definition/api.js';
import { Event } from '../../../lib/definition/event.js';
import { type Contract, createContract } from '../../../lib/schema/contract.js';
import { parametersSchema } from '../../../lib/schema/json-schema.js';
import { ValidatorFactory } from '../../../lib/schema/validator.js';
import type { JsonSchema } from '../../../lib/schema/walk.js';

/** API `one` with the event `happened` of these parameters. */
export function apiOf(parameters: object): ApiDefinition {
  class OneApi extends Api {
    static meta = { name: 'one' } as const;
    happened = new Event({ parameters: parameters as never });
  }
  return defineApi(OneApi);
}

/** The contract of an event with one parameter, `value`. */
export function contractOf(schema: unknown): Contract {
  return contractOfAll({ value: schema });
}

export function contractOfAll(parameters: object): Contract {
  const event = apiOf(parameters).events.get('happened');
  if (event === undefined) throw new Error('no event');
  return createContract(event, new ValidatorFactory());
}

/** The exported schema of an event with one parameter, `value`. */
export function exportOf(schema: unknown): JsonSchema {
  return exportOfAll({ value: schema });
}

export function exportOfAll(parameters: object): JsonSchema {
  const event = apiOf(parameters).events.get('happened');
  if (event === undefined) throw new Error('no event');
  return parametersSchema(event);
}

/** Whether a listener takes a value. */
export function accepts(contract: Contract, value: unknown): boolean {
  try {
    contract.validateReceived({ value });
    return true;
  } catch {
    return false;
  }
}
