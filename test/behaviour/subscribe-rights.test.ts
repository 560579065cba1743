import { expect } from 'chai';
import { LightbusError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { ShopApi, until, useWorld } from '../support/worker.js';

const ALLOWED = 'authorization { users: [{ user: u, password: p }] }';
const DENIED = 'authorization { users: [{ user: u, password: p, permissions: { subscribe: { deny: "_INBOX.>" } } }] }';
const LOGIN = { user: 'u', password: 'p' };

describe('without the right to subscribe to its inbox', function () {
  this.timeout('90s');
  const nats = useNats({ config: ALLOWED });
  const world = useWorld(nats);

  function shop(nats_: { inboxPrefix?: string } = {}) {
    const bus = world.bus({ apis: [ShopApi], nats: { servers: nats.url, ...LOGIN, ...nats_ } });
    const seen: number[] = [];
    bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch' });
    return { bus, seen };
  }
  const failing = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: Error) => error,
    );

  it('firing and starting fail at once and say what to do, and work when the right is there', async () => {
    await nats.reload(DENIED);
    const { bus, seen } = shop();
    for (const attempt of [bus.shop.order_placed.fire({ number: 1 }), bus.client.startWorker()]) {
      const error = await failing(attempt);
      expect(error).to.be.instanceOf(LightbusError);
      expect(error?.message).to.match(
        /to subscribe to _INBOX\.\S+.*right to subscribe to "_INBOX\.>".*nats\.inboxPrefix/,
      );
    }
    expect(world.logged('to subscribe to', 'error')).to.have.length(1);

    // An inbox of its own is not denied.
    const own = shop({ inboxPrefix: '_INBOX_shop' });
    await own.bus.client.startWorker();
    await own.bus.shop.order_placed.fire({ number: 2 });
    await until('it was handled', () => own.seen.includes(2));

    await nats.reload(ALLOWED);
    await until('firing works', async () => (await failing(bus.shop.order_placed.fire({ number: 3 }))) === undefined);
    expect(seen).to.deep.equal([]);
  });

  it('a worker that loses the right goes on when it has it again', async () => {
    await nats.reload(ALLOWED);
    const { bus, seen } = shop();
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await until('the first was handled', () => seen.includes(1));

    await nats.reload(DENIED);
    const fire = () => failing(bus.shop.order_placed.fire({ number: 2 }, { id: 'two' }));
    const error = await until('firing fails', fire);
    expect(error?.message).to.include('nats.inboxPrefix');

    await nats.reload(ALLOWED);
    await until('firing works', async () => (await fire()) === undefined);
    await until('the worker works', () => seen.includes(2));
  });
});
