import { inspect } from 'node:util';
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

describe('an event in its handler', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  it('tells all it knows, too, when it is printed or written as JSON', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: { json: string; printed: string; id: string }[] = [];
    bus.shop.order_placed.listen(
      (_parameters, event) => seen.push({ json: JSON.stringify(event), printed: inspect(event), id: event.id }),
      { listenerName: 'watch' },
    );
    await bus.client.startWorker();
    const { id, nativeId } = await bus.shop.order_placed.fire({ number: 1 });
    await until('it has arrived', () => seen.length === 1);

    const { firedAt, headers, ...rest } = JSON.parse(seen[0]?.json ?? '');
    expect(rest).to.deep.equal({
      id,
      apiName: 'shop',
      eventName: 'order_placed',
      version: 1,
      parameters: { number: 1 },
      attempt: 1,
      replayed: false,
      source: '/other-service',
      nativeId,
    });
    expect(Number.isNaN(Date.parse(firedAt))).to.equal(false);
    expect(headers).to.include({ 'ce-id': id, 'ce-type': 'shop.order_placed' });
    expect(seen[0]?.printed).to.contain(id).and.to.contain('/other-service');
    expect(seen[0]?.id).to.equal(id);
  });

  it('keeps its headers and its time after other events have come', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const kept: { number: number; event: { id: string; firedAt: Date; headers: Readonly<Record<string, string>> } }[] =
      [];
    bus.shop.order_placed.listen(({ number }, event) => kept.push({ number, event }), { listenerName: 'keep' });
    await bus.client.startWorker();
    const fired = await Promise.all(oneTo(500).map((number) => bus.shop.order_placed.fire({ number })));
    await until('all have arrived', () => kept.length === 500);

    const idOf = new Map(fired.map(({ id, parameters }) => [parameters.number, id]));
    for (const { number, event } of kept) {
      expect(event.id).to.equal(idOf.get(number));
      expect(event.headers['ce-time']).to.equal(event.firedAt.toISOString());
    }
  });
});

describe('a worker', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  it('lets others have a turn between handlers that do not wait', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    let turn = 0;
    const handledIn: number[] = [];
    const handler = () => {
      for (const until = performance.now() + 2; performance.now() < until; );
      handledIn.push(turn);
    };
    bus.shop.order_placed.listen(handler, { listenerName: 'busy', since: 'beginning' });
    await Promise.all(oneTo(300).map((number) => bus.shop.order_placed.fire({ number })));
    const count = () => {
      turn += 1;
      if (handledIn.length < 300) setImmediate(count);
    };
    count();
    await bus.client.startWorker();
    await until('all are handled', () => handledIn.length === 300);

    const inOneTurn = Math.max(...handledIn.map((one) => handledIn.filter((other) => other === one).length));
    // Ten milliseconds of them, and the one during which these are over.
    expect(inOneTurn).to.be.at.most(6);
  });

  it('warns of nothing when it has many listeners', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.message);
    process.on('warning', note);
    const bus = world.bus({ apis: [ShopApi] });
    for (const number of oneTo(30)) bus.shop.order_placed.listen(() => {}, { listenerName: `listener_${number}` });
    await using worker = await bus.client.startWorker();
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings).to.deep.equal([]);
    expect(worker).to.not.equal(undefined);
  });
});
