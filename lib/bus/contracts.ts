import type { ApiDefinition } from '../definition/api.js';
import { type Contract, createContract } from '../schema/contract.js';

/** The contracts of the events that this bus owns, each compiled when it is first needed, and once. */
export class Contracts {
  readonly #apis: ReadonlyMap<string, ApiDefinition>;
  readonly #compiled = new Map<string, Contract>();

  constructor(apis: ReadonlyMap<string, ApiDefinition>) {
    this.#apis = apis;
  }

  /** Undefined for an event that this bus has no definition of. @throws InvalidConfiguration for a broken schema */
  of(apiName: string, eventName: string): Contract | undefined {
    const key = `${apiName}.${eventName}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const event = this.#apis.get(apiName)?.events.get(eventName);
    if (event === undefined) return undefined;
    const contract = createContract(event);
    this.#compiled.set(key, contract);
    return contract;
  }
}
