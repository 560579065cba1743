import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { OnError, type ReceivedEvent } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { gate, oneTo, ShopApi, StockApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('order', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  it('is that of the stream, for one process while nothing fails', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    for (const number of oneTo(300)) await bus.shop.order_placed.fire({ number });
    const seen: number[] = [];
    bus.shop.order_placed.listen(
      async ({ number }) => {
        if (number % 7 === 0) await sleep(number % 3);
        seen.push(number);
      },
      { listenerName: 'watch', since: 'beginning' },
    );
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(seen).to.deep.equal(oneTo(300));
  });

  it('runs one event at a time, unless told otherwise', async () => {
    expect(await mostAtOnce({ events: 30 })).to.equal(1);
  });

  it('runs as many events at once as its concurrency says, and no more', async () => {
    expect(await mostAtOnce({ events: 60, concurrency: 4 })).to.equal(4);
  });

  it('runs events of one listener at once by its one concurrency, however many durables it has', async () => {
    const bus = world.bus({ apis: [ShopApi, StockApi] });
    for (const number of oneTo(20)) {
      await bus.shop.order_placed.fire({ number });
      await bus.shop.order_paid.fire({ number });
      await bus.stock.item_moved.fire({ number });
    }
    const running = counter();
    const names = new Set<string>();
    bus.client.listenForEvents(
      [bus.shop.order_placed, bus.shop.order_paid, bus.stock.item_moved],
      async (_parameters, event) => {
        names.add(event.eventName);
        await running.during(() => sleep(2));
      },
      { listenerName: 'watch', since: 'beginning', concurrency: 2 },
    );
    await bus.client.startWorker();
    await until('all were run', () => running.total === 60);
    expect(running.most).to.equal(2);
    expect([...names].sort()).to.deep.equal(['item_moved', 'order_paid', 'order_placed']);
  });

  it('with ordered, nothing passes an event that is being retried, over two processes', async () => {
    const seen: number[] = [];
    const failures = new Map<number, number>();
    const running = counter();
    const processes = new Set<string>();
    for (const processName of ['one', 'two']) {
      const bus = world.bus({ apis: [ShopApi], processName });
      bus.shop.order_placed.listen(
        ({ number }) =>
          running.during(async () => {
            await sleep(1);
            const failed = failures.get(number) ?? 0;
            failures.set(number, failed + 1);
            if (number % 5 === 0 && failed < 2) throw new Error('not yet');
            processes.add(processName);
            seen.push(number);
          }),
        { listenerName: 'watch', ordered: true, onError: OnError.RETRY, backoff: ['50ms'] },
      );
      await bus.client.startWorker();
    }
    const bus = world.bus({ apis: [ShopApi] });
    for (const number of oneTo(30)) await bus.shop.order_placed.fire({ number });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal(oneTo(30));
    expect(running.most, 'handlers at once, over both processes').to.equal(1);
    expect([...processes].sort(), 'processes that took part').to.deep.equal(['one', 'two']);
  });

  it('with ordered, an event that is given up makes way for the next', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const calls: number[] = [];
    bus.shop.order_placed.listen(
      ({ number }) => {
        calls.push(number);
        if (number === 2) throw new Error('never');
      },
      { listenerName: 'watch', ordered: true, onError: OnError.RETRY, backoff: ['20ms'], maxAttempts: 3 },
    );
    await bus.client.startWorker();
    for (const number of oneTo(3)) await bus.shop.order_placed.fire({ number });
    await world.settled(DURABLE);
    expect(calls).to.deep.equal([1, 2, 2, 2, 3]);
    expect(await world.deadLetters()).to.have.length(1);
  });

  it('holds across the events of an API for a listener of the whole API, which gets undeclared ones too', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: string[] = [];
    bus.client.listenForApi(
      'shop',
      ({ number }, event: ReceivedEvent) => seen.push(`${event.apiName}.${event.eventName} ${number}`),
      { listenerName: 'audit' },
    );
    await bus.client.startWorker();
    const expected: string[] = [];
    for (const number of oneTo(20)) {
      await bus.shop.order_placed.fire({ number });
      await bus.shop.order_paid.fire({ number });
      await world.publish('shop.order_exploded', `{"number":${number}}`);
      expected.push(`shop.order_placed ${number}`, `shop.order_paid ${number}`, `shop.order_exploded ${number}`);
    }
    await world.settled('other-service--audit');
    expect(seen).to.deep.equal(expected);
    expect((await world.durable('other-service--audit')).config.filter_subject).to.equal(`${world.prefix}.shop.*`);
  });

  it('of a whole API still keeps what does not fit its schema from the handler', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: unknown[] = [];
    bus.client.listenForApi('shop', (parameters) => seen.push(parameters), { listenerName: 'audit' });
    await bus.client.startWorker();
    await world.publish('shop.order_paid', '{"number":"one"}');
    await world.publish('shop.order_exploded', '{"anything":["goes"]}');
    await world.settled('other-service--audit');
    expect(seen).to.deep.equal([{ anything: ['goes'] }]);
    expect(await world.deadLetters()).to.have.length(1);
  });

  /** Runs so many events; gives how many handlers there were at once. Waits until the concurrency is reached. */
  async function mostAtOnce({ events, concurrency }: { events: number; concurrency?: number }): Promise<number> {
    const bus = world.bus({ apis: [ShopApi] });
    for (const number of oneTo(events)) await bus.shop.order_placed.fire({ number });
    const running = counter();
    const full = gate();
    bus.shop.order_placed.listen(
      () =>
        running.during(async () => {
          if (running.now === (concurrency ?? 1)) full.open();
          await full.opened;
          await sleep(2);
        }),
      { listenerName: 'watch', since: 'beginning', concurrency },
    );
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(running.total).to.equal(events);
    return running.most;
  }
});

/** Counts what runs at once. */
function counter() {
  const count = {
    now: 0,
    most: 0,
    total: 0,
    async during(act: () => Promise<void>): Promise<void> {
      count.now += 1;
      count.most = Math.max(count.most, count.now);
      try {
        await act();
      } finally {
        count.now -= 1;
        count.total += 1;
      }
    },
  };
  return count;
}
