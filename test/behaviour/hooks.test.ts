import { expect } from 'chai';
import { InvalidConfiguration, OnError } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { ShopApi, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('hooks', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  it('run once each, in order, those of one name in the order in which they were added', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const calls: string[] = [];
    const { client } = bus;
    // Awaited, so that none overtakes another.
    const note = (what: string) => async () => {
      await new Promise(setImmediate);
      calls.push(what);
    };
    client.onStop(note('onStop'));
    client.afterEventExecution((event) => note(`afterEventExecution ${event.eventName}`)());
    client.beforeEventExecution((event) => note(`beforeEventExecution ${event.eventName}`)());
    client.afterEventSent((event) => note(`afterEventSent ${event.nativeId.sequence}`)());
    client.beforeEventSent((event) => note(`beforeEventSent ${event.parameters.number}`)());
    client.onStart(note('onStart'));
    client.onStart(note('onStart again'));
    client.onStart(() => {
      bus.shop.order_placed.listen(note('handler'), { listenerName: 'watch' });
    });
    const worker = await client.startWorker();
    await bus.shop.order_placed.fire({ number: 7 });
    await world.settled(DURABLE);
    await worker.stop();
    await client.close();
    const sent = ['beforeEventSent 7', 'afterEventSent 1'];
    expect(calls.filter((call) => call.includes('Sent'))).to.deep.equal(sent);
    expect(calls.filter((call) => !call.includes('Sent'))).to.deep.equal([
      'onStart',
      'onStart again',
      'beforeEventExecution order_placed',
      'handler',
      'afterEventExecution order_placed',
      'onStop',
    ]);
    expect(calls.indexOf('beforeEventSent 7')).to.be.below(calls.indexOf('beforeEventExecution order_placed'));
  });

  it('onStart: a failing one stops the start, with its error', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    bus.client.onStart(() => Promise.reject(new RangeError('no database')));
    let stopped = 0;
    bus.client.onStop(() => {
      stopped += 1;
    });
    expect((await errorOf(bus.client.startWorker())).message).to.equal('no database');
    expect(stopped).to.equal(1);
  });

  it('onStop: a failing one makes the worker end with its error', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    bus.client.onStop(() => {
      throw new RangeError('no goodbye');
    });
    const worker = await bus.client.startWorker();
    await worker.stop();
    expect((await errorOf(worker.done)).message).to.equal('no goodbye');
  });

  it('beforeEventSent: a failing one keeps the event from being sent', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.client.beforeEventSent((event) => {
      if (event.parameters.number === 2) throw new RangeError('not this one');
    });
    await bus.shop.order_placed.fire({ number: 1 });
    expect((await errorOf(bus.shop.order_placed.fire({ number: 2 }))).message).to.equal('not this one');
    expect(await world.stored(world.stream())).to.have.length(1);
  });

  it('afterEventSent: a failing one is logged, for the event is stored', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.client.afterEventSent(() => Promise.reject(new RangeError('no metrics')));
    const { nativeId } = await bus.shop.order_placed.fire({ number: 1 });
    expect(nativeId.sequence).to.equal(1);
    expect(String(world.logged('A hook afterEventSent failed', 'error')[0]?.fields.err)).to.include('no metrics');
  });

  it('beforeEventExecution: a failing one counts as a failing handler, which does not run', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const attempts: number[] = [];
    let handled = 0;
    bus.client.beforeEventExecution((event) => {
      attempts.push(event.attempt);
      if (event.attempt === 1) throw new Error('not yet');
    });
    bus.shop.order_placed.listen(
      () => {
        handled += 1;
      },
      { listenerName: 'watch', onError: OnError.RETRY, backoff: ['20ms'] },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await world.settled(DURABLE);
    expect({ attempts, handled }).to.deep.equal({ attempts: [1, 2], handled: 1 });
  });

  it('afterEventExecution: a failing one stops the worker; the event was handled, and stays acknowledged', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.client.afterEventExecution(() => {
      throw new RangeError('no metrics');
    });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    const worker = await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    expect((await errorOf(worker.done)).message).to.equal('no metrics');
    await world.settled(DURABLE);
  });

  it('are not run for an event whose handler failed, after it', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const after: number[] = [];
    bus.client.afterEventExecution((event) => after.push(event.parameters.number));
    bus.shop.order_placed.listen(
      ({ number }) => {
        if (number === 1) throw new Error('never');
      },
      { listenerName: 'watch', onError: OnError.ACKNOWLEDGE_AND_LOG },
    );
    await bus.client.startWorker();
    for (const number of [1, 2]) await bus.shop.order_placed.fire({ number });
    await world.settled(DURABLE);
    await bus.client.close();
    expect(after).to.deep.equal([2]);
  });

  it('have to be functions', () => {
    const bus = world.bus({ apis: [ShopApi] });
    expect(() => bus.client.onStart('listen' as never)).to.throw(InvalidConfiguration, /onStart\(hook\).*"/);
  });
});
