import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { gate, oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('the connection of a worker', function () {
  this.timeout('90s');
  const nats = useNats();
  const world = useWorld(nats);

  beforeEach('the test before may have ended the server', () => nats.restart());

  function watch() {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: number[] = [];
    bus.shop.order_placed.listen(({ number }) => seen.push(number), {
      listenerName: 'watch',
      acknowledgementTimeout: '2s', // A server that dies can lose an ack of the last moment; then the event comes again.
    });
    return { bus, seen };
  }

  it('waits for a server that is started after the worker, and says so', async () => {
    await nats.stop();
    const { bus, seen } = watch();
    const starting = bus.client.startWorker();
    const waiting = () => world.logged('No connection to NATS; waiting for one', 'warn');
    await until('it was said', () => waiting().length > 0);
    expect(waiting()[0]?.fields).to.include({ servers: nats.url });
    await until('it was said again', () => waiting().length > 1);
    await nats.restart();
    await starting;
    await bus.shop.order_placed.fire({ number: 1 });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1]);
    expect(world.logged('', 'error')).to.deep.equal([]);
  });

  it('gives up waiting for a server when the worker is stopped', async () => {
    await nats.stop();
    const { bus } = watch();
    const controller = new AbortController();
    const starting = bus.client.startWorker({ signal: controller.signal }).then(
      () => 'started',
      (error: unknown) => String(error),
    );
    await until('it waits', () => world.logged('No connection to NATS').length > 0);
    controller.abort(new Error('changed my mind'));
    expect(await starting).to.equal('Error: changed my mind');
  });

  for (const how of ['stop', 'kill'] as const) {
    it(`comes back by itself after the server's ${how}, and the worker goes on`, async () => {
      const { bus, seen } = watch();
      await bus.client.startWorker();
      await bus.shop.order_placed.fire({ number: 1 });
      await until('the first was handled', () => seen.includes(1));
      await nats[how]();
      await until('the loss was noticed', () => world.logged('No connection to NATS; waiting for one').length > 0);
      const fired = bus.shop.order_placed.fire({ number: 2 });
      await nats.restart();
      await fired;
      await bus.shop.order_placed.fire({ number: 3 });
      await until('the others were handled', () => seen.includes(2) && seen.includes(3));
      await world.settled(DURABLE);
      expect(world.logged('Connected to NATS again', 'info')).to.have.length(1);
    });
  }

  it('may be lost while a handler runs: its event is acknowledged, or comes again', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const attempts: number[] = [];
    const [running, restarted] = [gate(), gate()];
    bus.shop.order_placed.listen(
      async (_parameters, event) => {
        attempts.push(event.attempt);
        running.open();
        await restarted.opened;
      },
      { listenerName: 'watch', acknowledgementTimeout: '2s' },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await running.opened;
    await nats.kill();
    await nats.restart();
    await until('the connection is back', () => world.logged('Connected to NATS again').length > 0);
    restarted.open();
    await world.settled(DURABLE);
    expect(attempts[0]).to.equal(1);
  });

  it('stops a worker without a server, too', async () => {
    const { bus } = watch();
    const worker = await bus.client.startWorker();
    await nats.kill();
    await until('the loss was noticed', () => world.logged('No connection to NATS').length > 0);
    await worker.stop();
    await worker.done;
    await bus.client.close();
  });

  describe('with a durable that is deleted by another hand', () => {
    it('makes it again, says so, and misses nothing', async () => {
      const { bus, seen } = watch();
      await bus.client.startWorker();
      for (const number of oneTo(5)) await bus.shop.order_placed.fire({ number });
      await world.settled(DURABLE);
      await (await world.manager()).consumers.delete(world.stream(), DURABLE);
      for (const number of oneTo(5)) await bus.shop.order_placed.fire({ number: number + 5 });
      await until('all were handled', () => new Set(seen).size === 10);
      await world.settled(DURABLE);
      expect(world.logged('The durable had been deleted; made it again', 'warn')).to.have.length(1);
    });

    it('does not make it again where manage is false, and goes on when its owner has', async () => {
      const owner = watch();
      await (await owner.bus.client.startWorker()).stop();
      const bus = world.bus({ apis: [ShopApi], config: { prefix: world.prefix, manage: false } });
      const seen: number[] = [];
      bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch' });
      await bus.client.startWorker();
      const { consumers } = await world.manager();
      await consumers.delete(world.stream(), DURABLE);
      await bus.shop.order_placed.fire({ number: 1 });
      await until('it was said', () => world.logged('is missing, and manage is false', 'error').length > 0);
      expect(await consumers.list(world.stream()).next()).to.deep.equal([]);
      await world.addDurable(DURABLE);
      await until('the event was handled', () => seen.includes(1));
    });
  });

  describe('with a stream that is deleted by another hand', () => {
    it('makes it again if it owns the API, and handles the new one from its beginning', async () => {
      const { bus, seen } = watch();
      await bus.client.startWorker();
      await bus.shop.order_placed.fire({ number: 1 });
      await world.settled(DURABLE);
      await (await world.manager()).streams.delete(world.stream());
      for (const number of [2, 3, 4]) await bus.shop.order_placed.fire({ number });
      await until('all were handled', () => seen.length >= 4);
      await world.settled(DURABLE);
      expect(seen).to.deep.equal([1, 2, 3, 4]);
    });

    it('waits if it does not own the API, until the owner has made it', async () => {
      const owner = world.bus({ apis: [ShopApi], serviceName: 'shop' });
      await owner.shop.order_placed.fire({ number: 1 });
      const bus = world.bus<typeof ShopApi>();
      const seen: number[] = [];
      bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch', since: 'beginning' });
      await bus.client.startWorker();
      await world.settled(DURABLE);
      const { streams } = await world.manager();
      await streams.delete(world.stream());
      await until('it was said', () => world.logged('There is no stream for API "shop" yet').length > 0);
      expect((await streams.names().next()).filter((name) => name === world.stream())).to.deep.equal([]);
      for (const number of [2, 3]) await owner.shop.order_placed.fire({ number });
      await until('all were handled', () => seen.length >= 3);
      await world.settled(DURABLE);
      expect(seen).to.deep.equal([1, 2, 3]);
    });
  });
});
