import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openProxy } from '../faults/support/proxy.js';
import { useNats } from '../support/nats.js';
import { gate, ShopApi, StockApi, until, useWorld } from '../support/worker.js';

const DURABLES = [
  ['other-service--both--order_placed', 'shop'],
  ['other-service--both--item_moved', 'stock'],
] as const;

describe('a listener over two streams, which count their events alike', function () {
  this.timeout('60s');
  const nats = useNats();
  const world = useWorld(nats);

  it('runs no event beside itself when leases end without a connection', async () => {
    await using proxy = await openProxy(nats);
    const producer = world.bus({ apis: [ShopApi, StockApi], serviceName: 'shop' });
    const fire = async (number: number) => {
      await producer.shop.order_placed.fire({ number });
      await producer.stock.item_moved.fire({ number });
    };
    const bus = world.bus({ apis: [ShopApi, StockApi], nats: { servers: proxy.url } });
    const calls: string[] = [];
    const finish = gate();
    bus.client.listenForEvents(
      [bus.shop.order_placed, bus.stock.item_moved],
      async ({ number }, event) => {
        calls.push(`${event.apiName} ${number}`);
        await finish.opened;
      },
      { listenerName: 'both', since: 'beginning', acknowledgementTimeout: '1s', concurrency: 4 },
    );
    await bus.client.startWorker();
    await fire(1);
    await until('both run', () => calls.length === 2);
    proxy.weather = 'refuse';
    proxy.cut();
    await sleep(1500); // Longer than the lease: the server hands both over again, to this process.
    proxy.weather = 'fair';
    await until('both came again', async () => {
      const infos = await Promise.all(DURABLES.map(([durable, api]) => world.durable(durable, world.stream(api))));
      return infos.every(({ delivered }) => delivered.consumer_seq >= 2);
    });
    // What comes behind them runs: so they have arrived, and been put aside.
    await fire(2);
    await until('the next ones run', () => calls.includes('shop 2') && calls.includes('stock 2'));
    finish.open();
    for (const [durable, api] of DURABLES) await world.settled(durable, world.stream(api));
    expect(calls.sort()).to.deep.equal(['shop 1', 'shop 2', 'stock 1', 'stock 2']);
    await bus.client.close();
  });
});
