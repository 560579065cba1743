// The other contender: this package, as it was built.
import { Api, create, Event } from '../../dist/index.js';
import { order, PROPERTIES } from './event.mjs';

export class BenchApi extends Api {
  static meta = { name: 'bench' };

  order_placed = new Event({ parameters: PROPERTIES });
}

export function openBus(url, serviceName = 'bench') {
  const silent = { debug() {}, info() {}, warn: console.error, error: console.error };
  return create({ serviceName, apis: [BenchApi], nats: { servers: url }, logger: silent });
}

/** Starts a listener in a worker of its own. */
export async function listen(url, handler, options) {
  const bus = openBus(url);
  bus.bench.order_placed.listen(handler, { since: 'beginning', ...options });
  const worker = await bus.client.startWorker();
  return {
    async stop() {
      await worker.stop();
      await bus.client.close();
    },
  };
}

export const fire = (bus, number) => bus.bench.order_placed.fire(order(number));
