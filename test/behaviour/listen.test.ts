import { expect } from 'chai';
import type { LoadedBus } from '../../lib/cli/load-bus.js';
import { ListenersAlreadyStarted, NothingToListenFor } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, StockApi, until, useWorld } from '../support/worker.js';

describe('listening', function () {
  this.timeout('60s');
  const world = useWorld(useNats());
  const nothing = () => {};
  const askFor = (bus: unknown, events: string[]) => (bus as LoadedBus).client['~lightbus'].listenTo(events);

  it('hands every event to each of two services', async () => {
    const seen: string[] = [];
    for (const serviceName of ['billing', 'shipping']) {
      const bus = world.bus({ apis: [ShopApi], serviceName });
      bus.shop.order_placed.listen(({ number }) => seen.push(`${serviceName} ${number}`), { listenerName: 'watch' });
      await bus.client.startWorker();
    }
    const shop = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    for (const number of [1, 2]) await shop.shop.order_placed.fire({ number });
    for (const service of ['billing', 'shipping']) await world.settled(`${service}--watch--order_placed`);
    expect(seen.sort()).to.deep.equal(['billing 1', 'billing 2', 'shipping 1', 'shipping 2']);
  });

  it('hands every event to exactly one of two processes of a service, and keeps both busy', async () => {
    const seen: [number, number][] = [];
    for (const process of [1, 2]) {
      const bus = world.bus({ apis: [ShopApi] });
      const handler = async ({ number }: { number: number }) => {
        seen.push([process, number]);
        // Neither goes on before both have begun.
        await until('the other process has an event too', () => new Set(seen.map(([who]) => who)).size === 2);
      };
      bus.shop.order_placed.listen(handler, { listenerName: 'watch' });
      await bus.client.startWorker();
    }
    const shop = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    for (const number of oneTo(50)) await shop.shop.order_placed.fire({ number });
    await world.settled('other-service--watch--order_placed');
    expect(seen.map(([, number]) => number).sort((a, b) => a - b)).to.deep.equal(oneTo(50));
  });

  it('hands each listener of a service its own copy', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: string[] = [];
    for (const listenerName of ['one', 'two']) {
      bus.shop.order_placed.listen(() => seen.push(listenerName), { listenerName });
    }
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await until('both have it', () => seen.length === 2);
    expect(seen.sort()).to.deep.equal(['one', 'two']);
  });

  it('serves one listener over several APIs, told apart by apiName and eventName', async () => {
    const bus = world.bus({ apis: [ShopApi, StockApi] });
    const seen: string[] = [];
    bus.client.listenForEvents(
      [bus.shop.order_placed, bus.stock.item_moved],
      ({ number }, event) => seen.push(`${event.apiName}.${event.eventName} ${number}`),
      { listenerName: 'watch' },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await bus.stock.item_moved.fire({ number: 2 });
    await world.settled('other-service--watch--order_placed');
    await world.settled('other-service--watch--item_moved', world.stream('stock'));
    expect(seen.sort()).to.deep.equal(['shop.order_placed 1', 'stock.item_moved 2']);
  });

  it('delivers nothing that was not asked for', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: string[] = [];
    bus.shop.order_placed.listen((_parameters, event) => seen.push(event.eventName), { listenerName: 'watch' });
    await bus.client.startWorker();
    await bus.shop.order_paid.fire({ number: 1 });
    await bus.shop.order_placed.fire({ number: 2 });
    await world.settled('other-service--watch--order_placed');
    expect(seen).to.deep.equal(['order_placed']);
    const { delivered } = await world.durable('other-service--watch--order_placed');
    expect(delivered.consumer_seq, 'deliveries that the server made').to.equal(1);
  });

  it('tells a handler what it has to know of an event', async () => {
    const shop = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    const bus = world.bus<typeof ShopApi>({ serviceName: 'billing' });
    const seen: unknown[] = [];
    bus.shop.order_placed.listen(
      (parameters, event) => {
        const { id, apiName, eventName, version, attempt, replayed, source, nativeId, firedAt } = event;
        expect(event.parameters).to.equal(parameters);
        expect(firedAt).to.be.instanceOf(Date);
        expect(event.headers['content-type']).to.equal('application/json');
        seen.push({ id, apiName, eventName, version, attempt, replayed, source, nativeId, parameters });
      },
      { listenerName: 'watch', since: 'beginning' },
    );
    const { id } = await shop.shop.order_placed.fire({ number: 1 });
    await bus.client.startWorker();
    await world.settled('billing--watch--order_placed');
    expect(seen).to.deep.equal([
      {
        id,
        apiName: 'shop',
        eventName: 'order_placed',
        version: 1,
        attempt: 1,
        replayed: false,
        source: '/shop',
        nativeId: { stream: world.stream(), sequence: 1 },
        parameters: { number: 1 },
      },
    ]);
  });

  it('is refused once the worker has started', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(nothing, { listenerName: 'watch' });
    await bus.client.startWorker();
    expect(() => bus.shop.order_paid.listen(nothing, { listenerName: 'late' })).to.throw(
      ListenersAlreadyStarted,
      /"late" comes too late.*bus\.client\.onStart/,
    );
    expect(await errorOf(bus.client.startWorker())).to.be.instanceOf(ListenersAlreadyStarted);
  });

  it('is refused to a worker that has nothing to listen for', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const error = await errorOf(bus.client.startWorker());
    expect(error).to.be.instanceOf(NothingToListenFor);
    expect(error.message).to.include('bus.client.onStart');
  });

  it('is refused where the events asked for have no listener, and says which have; one of several is warned of', async () => {
    const mistaken = world.bus({ apis: [ShopApi] });
    mistaken.shop.order_paid.listen(nothing, { listenerName: 'bill' });
    askFor(mistaken, ['shop.order_payed']);
    expect((await errorOf(mistaken.client.startWorker())).message).to.match(
      /none listens to shop\.order_payed \(--events\); this bus listens to shop\.order_paid$/,
    );
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_paid.listen(nothing, { listenerName: 'bill' });
    askFor(bus, ['shop.order_paid', 'shop.order_payed']);
    await bus.client.startWorker();
    expect(world.logged('--events', 'warn').map(({ fields }) => fields)).to.deep.equal([
      { events: ['shop.order_payed'] },
    ]);
  });
});
