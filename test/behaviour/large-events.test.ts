import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, StockApi, until, useWorld } from '../support/worker.js';

const EVENTS = 80;
const PADDING = 'x'.repeat(900_000);

describe('events of nearly a megabyte', function () {
  this.timeout('2m');
  // A quarter of the default, and still more than is asked for at once.
  const nats = useNats({ config: 'max_pending: 25MB' });
  const world = useWorld(nats);

  it('do not make the server cut the connection, nor starve another listener, and run as many at once as wanted', async () => {
    const owner = world.bus({ apis: [ShopApi, StockApi], serviceName: 'shop' });
    await Promise.all([owner.shop.order_placed.fire({ number: 0 }), owner.stock.item_moved.fire({ number: 0 })]);
    for (const number of oneTo(EVENTS)) {
      await world.publish('shop.order_placed', JSON.stringify({ number, padding: PADDING }));
    }
    const numbers: number[] = [];
    const moved: number[] = [];
    let release = () => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bus = world.bus({ apis: [ShopApi, StockApi] });
    const options = { since: 'beginning', listenerName: 'watch' } as const;
    bus.shop.order_placed.listen(
      async ({ number }) => {
        numbers.push(number);
        await all;
      },
      { ...options, concurrency: EVENTS + 1 },
    );
    bus.stock.item_moved.listen(({ number }) => moved.push(number), options);
    await bus.client.startWorker();
    await owner.stock.item_moved.fire({ number: 1 });
    await until('all handlers run at once', () => numbers.length === EVENTS + 1);
    await until('the other listener has its events', () => moved.length === 2);
    release();
    await world.settled('other-service--watch--order_placed');
    expect(numbers).to.deep.equal([0, ...oneTo(EVENTS)]);
    expect(nats.log()).not.to.include('Slow Consumer');
    expect(world.logged('No connection')).to.deep.equal([]);
  });
});
