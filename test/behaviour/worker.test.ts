import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { recordLog } from '../support/bus.js';
import { startNats, useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('a worker', function () {
  this.timeout('90s');
  const world = useWorld(useNats());

  it('may be opened and closed a hundred times, and leaves no connection and no timer behind', async () => {
    await using nats = await startNats({ config: 'http: "127.0.0.1:-1"' });
    const [, monitor] = /monitor on (127\.0\.0\.1:\d+)/.exec(nats.log()) ?? [];
    const connections = async () => {
      const answer = (await (await fetch(`http://${monitor}/connz`)).json()) as { num_connections: number };
      return answer.num_connections;
    };
    const openAndClose = async () => {
      const bus = create({
        serviceName: 'other-service',
        apis: [ShopApi],
        nats: { servers: nats.url },
        logger: recordLog(),
      });
      bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
      await bus.client.startWorker();
      await bus.shop.order_placed.fire({ number: 1 });
      await bus.client.close();
    };
    await openAndClose();
    const before = timers();
    for (const _ of oneTo(100)) await openAndClose();
    await until('the server has no connection', async () => (await connections()) === 0);
    await until('the timers have gone', () => timers() <= before);
  });

  it('lets its process end when it is closed while it waits for a stream or a durable that is missing', async () => {
    await new Promise(setImmediate); // Mocha sets its own timer when the test has begun.
    const before = timers();
    for (const manage of [true, false]) {
      const bus = world.bus<typeof ShopApi>({ config: { prefix: world.prefix, manage } });
      bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
      await bus.client.startWorker();
      await until('it waits', () => world.logged('There is no stream for API "shop"').length > 0);
      await bus.client.close();
    }
    await until('the timers have gone', () => timers() <= before);
  });

  it('keeps all events on a stream without limits, and the newest where there is a limit', async () => {
    for (const [prefix, maxLength, kept] of [
      [`${world.prefix}a`, null, oneTo(12)],
      [`${world.prefix}b`, 5, [8, 9, 10, 11, 12]],
    ] as const) {
      const bus = world.bus({ apis: [ShopApi], config: { prefix, apis: { shop: { stream: { maxLength } } } } });
      for (const number of oneTo(12)) await bus.shop.order_placed.fire({ number });
      const stored = await world.stored(`${prefix}-shop`);
      expect(stored.map((message) => message.json<{ number: number }>().number)).to.deep.equal(kept);
    }
  });

  it('does not touch what other buses of the account have', async () => {
    const seen: string[] = [];
    for (const prefix of [`${world.prefix}a`, `${world.prefix}b`]) {
      const bus = world.bus({ apis: [ShopApi], config: { prefix } });
      bus.shop.order_placed.listen(({ number }) => seen.push(`${prefix} ${number}`), { listenerName: 'watch' });
      await bus.client.startWorker();
      await bus.shop.order_placed.fire({ number: 1 });
      await world.settled(DURABLE, `${prefix}-shop`);
    }
    expect(seen).to.deep.equal([`${world.prefix}a 1`, `${world.prefix}b 1`]);
  });

  it('uses one connection for firing and listening, under the name of service and process', async () => {
    await using nats = await startNats({ config: 'http: "127.0.0.1:-1"' });
    const [, monitor] = /monitor on (127\.0\.0\.1:\d+)/.exec(nats.log()) ?? [];
    const bus = world.bus({ apis: [ShopApi], processName: 'p1', nats: { servers: nats.url } });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'one' });
    bus.shop.order_paid.listen(() => {}, { listenerName: 'two' });
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    const answer = (await (await fetch(`http://${monitor}/connz`)).json()) as { connections: { name: string }[] };
    expect(answer.connections.map(({ name }) => name)).to.deep.equal(['other-service p1']);
  });
});

/** Timers that keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
