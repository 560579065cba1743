import type { ApiDefinition } from '../definition/api.js';
import { type Contract, createContract } from '../schema/contract.js';
import { remarksOn } from '../schema/remarks.js';
import { ValidatorFactory } from '../schema/validator.js';

/** The contracts of the events that this bus owns. */
export class Contracts {
  readonly #apis: ReadonlyMap<string, ApiDefinition>;
  readonly #validators = new ValidatorFactory();
  readonly #contracts = new Map<string, Contract>();

  /** @throws InvalidConfiguration for a schema that cannot be used, or a default that does not fit its own */
  constructor(apis: ReadonlyMap<string, ApiDefinition>) {
    this.#apis = apis;
    for (const api of apis.values()) {
      for (const event of api.events.values()) {
        this.#contracts.set(`${api.name}.${event.name}`, createContract(event, this.#validators));
      }
    }
  }

  /** Sentences on parts of schemas that have no effect. */
  *remarks(): Generator<string> {
    for (const api of this.#apis.values())
      for (const event of api.events.values()) yield* remarksOn(event, this.#validators);
  }

  /** Undefined if this bus has no definition of the event. */
  of(apiName: string, eventName: string): Contract | undefined {
    return this.#contracts.get(`${apiName}.${eventName}`);
  }
}
