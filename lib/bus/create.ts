import { JetStreamBroker } from '../broker/jetstream/broker.js';
import { systemClock } from '../clock.js';
import { checkCreateOptions } from '../config/create-options.js';
import { type ApiClass, type ApiDefinition, defineApi } from '../definition/api.js';
import { InvalidConfiguration } from '../errors.js';
import { createBus } from './bus.js';
import { BusClient } from './client.js';
import { Contracts } from './contracts.js';
import { DeadLetterAdmin } from './dead-letters/admin.js';
import { Firer } from './fire.js';
import type { Bus, CreateOptions, UntypedBus } from './handles.js';
import { Hooks } from './hooks.js';
import { Lifecycle } from './lifecycle.js';
import { Streams } from './streams.js';
import { ListenerRegistry } from './worker/registry.js';
import { WorkerControl } from './worker/worker.js';

/**
 * Creates a bus. It connects to nothing until it fires or a worker starts.
 *
 * ```ts
 * export const bus = create({ serviceName: 'auth-service', apis: [AuthApi] });
 * ```
 *
 * @throws InvalidConfiguration for unknown or wrong options and broken API classes
 * @throws InvalidName for names of services, APIs, events and parameters that are not allowed
 */
export function create<C extends ApiClass = never>(
  options: CreateOptions<C> = {},
): [C] extends [never] ? UntypedBus : Bus<C> {
  checkCreateOptions(options);
  const apis = defineApis((options.apis ?? []) as readonly ApiClass[]);
  const hooks = new Hooks();
  const contracts = new Contracts(apis);
  const streams = new Streams(apis.keys());
  const lifecycle = new Lifecycle({
    clock: systemClock,
    created: options,
    logger: options.logger,
    remarks: () => contracts.remarks(),
    makeBroker: ({ nats, serviceName, processName }, logger) =>
      new JetStreamBroker({ nats, name: `${serviceName} ${processName}`, logger }),
  });
  const registry = new ListenerRegistry(apis);
  const worker = new WorkerControl(registry, { apis, contracts, streams, hooks, lifecycle });
  const firer = new Firer({ apis, contracts, streams, hooks, lifecycle });
  const client = new BusClient({
    apis,
    firer,
    deadLetters: new DeadLetterAdmin(lifecycle, streams),
    hooks,
    lifecycle,
    registry,
    worker,
  });
  return createBus(
    { client, [Symbol.asyncDispose]: () => client.close() },
    {
      fire: (apiName, eventName, args) => firer.fire(apiName, eventName, args),
      listen: (apiName, eventName, [handler, listenOptions]) =>
        registry.add([{ apiName, eventName }], handler, listenOptions),
      listenBatch: (apiName, eventName, [handler, batchOptions]) =>
        registry.addBatch([{ apiName, eventName }], handler, batchOptions),
    },
  );
}

function defineApis(classes: readonly ApiClass[]): ReadonlyMap<string, ApiDefinition> {
  const apis = new Map<string, ApiDefinition>();
  for (const apiClass of classes) {
    const api = defineApi(apiClass);
    if (apis.has(api.name)) {
      throw new InvalidConfiguration(
        `create({ apis }): two API classes are called "${api.name}" (the second is ${apiClass.name}); give one another meta.name`,
      );
    }
    apis.set(api.name, api);
  }
  return apis;
}
