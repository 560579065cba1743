import { expect } from 'chai';
import { AckPolicy, type ConsumerConfig, RetentionPolicy, type StreamConfig } from 'nats';
import { DurableConflict, LightbusError, StreamConflict } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, StockApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';
const MS = 1_000_000;

describe('provisioning', function () {
  this.timeout('60s');
  const world = useWorld(useNats());
  const nothing = () => {};

  function watch(handler: (parameters: { number: number }) => unknown = nothing) {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(handler, { listenerName: 'watch' });
    return bus;
  }

  const addStream = async (config: Partial<StreamConfig>) =>
    (await world.manager()).streams.add({ name: world.stream(), subjects: [`${world.prefix}.shop.*`], ...config });

  it('makes what is missing when the worker starts, stream, durable and the stream of dead letters', async () => {
    await watch().client.startWorker();
    const manager = await world.manager();
    const { config } = await manager.streams.info(world.stream());
    expect(config).to.deep.include({
      subjects: [`${world.prefix}.shop.*`],
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      max_age: 0,
      max_msgs: -1,
      max_bytes: -1,
      num_replicas: 1,
      duplicate_window: 120_000 * MS,
    });
    const durable = await world.durable(DURABLE);
    expect(durable.config).to.deep.include({
      durable_name: DURABLE,
      filter_subject: `${world.prefix}.shop.order_placed`,
      ack_policy: 'explicit',
      ack_wait: 60_000 * MS,
      max_deliver: -1,
      deliver_policy: 'new',
    });
    // In the background, so that a worker starts without them, too.
    await until('dead letters can be kept', async () =>
      (await manager.streams.names().next()).includes(`${world.prefix}_dead_letters`),
    );
  });

  it('gives an ordered listener a durable that hands out one event at a time', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(nothing, { listenerName: 'watch', ordered: true, acknowledgementTimeout: '10s' });
    await bus.client.startWorker();
    const { config } = await world.durable(DURABLE);
    expect(config).to.include({ max_ack_pending: 1, ack_wait: 10_000 * MS });
  });

  it('makes the stream as the configuration of its API says', async () => {
    const stream = { maxLength: 7, maxAge: '1h', storage: 'memory', appendOnly: true, duplicateWindow: '1m' } as const;
    const bus = world.bus({ apis: [ShopApi], config: { prefix: world.prefix, apis: { shop: { stream } } } });
    await bus.shop.order_placed.fire({ number: 1 });
    const { config } = await (await world.manager()).streams.info(world.stream());
    expect(config).to.include({
      max_msgs: 7,
      max_age: 3_600_000 * MS,
      storage: 'memory',
      duplicate_window: 60_000 * MS,
      deny_purge: true,
      deny_delete: true,
    });
  });

  it('changes nothing that is there, and says once how the server differs and what changes it', async () => {
    await addStream({ max_msgs: 1000 });
    await world.addDurable(DURABLE, { ack_wait: 5000 * MS });
    const seen: number[] = [];
    const bus = watch(({ number }) => seen.push(number));
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1]);
    const warnings = world.logged("going on with the server's", 'warn').map(({ fields }) => fields);
    const about = (field: string) => warnings.filter((warning) => warning.field === field);
    expect(about('max_msgs')).to.deep.equal([{ field: 'max_msgs', server: 1000, configured: -1 }]);
    expect(about('ack_wait')).to.deep.equal([{ field: 'ack_wait', server: 5000 * MS, configured: 60_000 * MS }]);
    const { config } = await (await world.manager()).streams.info(world.stream());
    expect(config.max_msgs).to.equal(1000);
    expect((await world.durable(DURABLE)).config.ack_wait).to.equal(5000 * MS);
  });

  it('takes a stream of wider subjects as it is', async () => {
    await addStream({ subjects: [`${world.prefix}.>`] });
    const seen: number[] = [];
    const bus = watch(({ number }) => seen.push(number));
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1]);
  });

  const unfit: [string, () => Partial<StreamConfig>, RegExp][] = [
    ['captures something else', () => ({ subjects: [`${world.prefix}.orders.*`] }), /captures t\d+\.orders\.\*, not/],
    ['captures but one event', () => ({ subjects: [`${world.prefix}.shop.order_paid`] }), /not t\d+\.shop\.\*/],
    ['drops what nobody wants', () => ({ retention: RetentionPolicy.Interest }), /retention interest.*needs limits/],
    ['is a work queue', () => ({ retention: RetentionPolicy.Workqueue }), /retention workqueue.*needs limits/],
    [
      'has another name and captures our subjects',
      () => ({ name: `${world.prefix}-legacy`, subjects: [`${world.prefix}.shop.order_paid`] }),
      /the stream t\d+-legacy captures some of these subjects already.*manage: false/,
    ],
  ];
  for (const [what, config, message] of unfit) {
    it(`refuses a stream that ${what}, to worker and to fire`, async () => {
      await addStream(config());
      for (const act of [() => watch().client.startWorker(), () => watch().shop.order_placed.fire({ number: 1 })]) {
        const error = await errorOf(act());
        expect(error).to.be.instanceOf(StreamConflict);
        expect(error.message).to.match(message);
      }
    });
  }

  const foreign: [string, () => Partial<ConsumerConfig>, RegExp][] = [
    [
      'filters another event',
      () => ({ filter_subject: `${world.prefix}.shop.order_paid` }),
      /filters t\d+\.shop\.order_paid, not t\d+\.shop\.order_placed; give the listener another listenerName/,
    ],
    ['acknowledges by itself', () => ({ ack_policy: AckPolicy.None }), /ack policy none/],
    ['acknowledges all before', () => ({ ack_policy: AckPolicy.All }), /ack policy all/],
    ['pushes', () => ({ deliver_subject: 'somewhere' }), /pushes to somewhere/],
  ];
  for (const [what, config, message] of foreign) {
    it(`refuses a durable of its name that ${what}`, async () => {
      await addStream({});
      await world.addDurable(DURABLE, config());
      const error = await errorOf(watch().client.startWorker());
      expect(error).to.be.instanceOf(DurableConflict);
      expect(error.message).to.match(message);
      expect((await world.durable(DURABLE)).config).to.deep.include(config());
    });
  }

  it('by several processes at once makes one stream and one durable, which hands each event to one of them', async () => {
    const seen: number[] = [];
    const buses = oneTo(5).map(() => watch(({ number }) => seen.push(number)));
    await Promise.all(buses.map((bus) => bus.client.startWorker()));
    await Promise.all(buses.map((bus, index) => bus.shop.order_placed.fire({ number: index })));
    await world.settled(DURABLE);
    expect(seen.sort()).to.deep.equal([0, 1, 2, 3, 4]);
    expect(world.logged('', 'error')).to.deep.equal([]);
  });

  describe('with manage: false', () => {
    const unmanaged = () => ({ prefix: world.prefix, manage: false });

    it('creates nothing, and says what is missing', async () => {
      const bus = world.bus({ apis: [ShopApi], config: unmanaged() });
      bus.shop.order_placed.listen(nothing, { listenerName: 'watch' });
      await bus.client.startWorker();
      const error = await errorOf(bus.shop.order_placed.fire({ number: 1 }));
      expect(error).to.be.instanceOf(LightbusError);
      expect(error.message).to.match(/No stream captures t\d+\.shop\.\*, and manage is false/);
      await until('it was said', () => world.logged('There is no stream for API "shop"').length > 0);
      const names = await (await world.manager()).streams.names().next();
      expect(names.filter((name) => name.startsWith(world.prefix))).to.deep.equal([]);
    });

    it('finds a stream by its subjects, whatever its name, and works with a durable made by hand', async () => {
      const name = `${world.prefix}-legacy`;
      await addStream({ name, subjects: [`${world.prefix}.>`] });
      await world.addDurable(DURABLE, {}, name);
      const seen: number[] = [];
      const bus = world.bus({ apis: [ShopApi], config: unmanaged() });
      bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch' });
      await bus.client.startWorker();
      const { nativeId } = await bus.shop.order_placed.fire({ number: 1 });
      await world.settled(DURABLE, name);
      expect(seen).to.deep.equal([1]);
      expect(nativeId.stream).to.equal(name);
    });

    it('waits for a durable that is missing, names it, and begins once it is there', async () => {
      await addStream({});
      const seen: number[] = [];
      const bus = world.bus({ apis: [ShopApi], config: unmanaged() });
      bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch' });
      await bus.client.startWorker();
      await bus.shop.order_placed.fire({ number: 1 });
      await until('it was said', () => world.logged(`The durable ${DURABLE}`, 'error').length > 0);
      expect(world.logged('is missing', 'error')[0]?.message)
        .to.include('manage is false')
        .and.include('nats consumer add');
      expect(await (await world.manager()).consumers.list(world.stream()).next()).to.deep.equal([]);
      await world.addDurable(DURABLE);
      await until('the event was handled', () => seen.length === 1);
    });

    it('of one API leaves the others managed', async () => {
      const apis = { shop: { manage: false } };
      const bus = world.bus({ apis: [ShopApi, StockApi], config: { prefix: world.prefix, apis } });
      bus.stock.item_moved.listen(nothing, { listenerName: 'watch' });
      bus.shop.order_placed.listen(nothing, { listenerName: 'watch' });
      await bus.client.startWorker();
      const names = await (await world.manager()).streams.names().next();
      expect(names.filter((name) => name.startsWith(`${world.prefix}-`))).to.deep.equal([world.stream('stock')]);
    });
  });
});
