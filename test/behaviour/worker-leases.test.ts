import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openProxy } from '../faults/support/proxy.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('leases', function () {
  this.timeout('60s');
  const nats = useNats();
  const world = useWorld(nats);

  type Handler = (number: number, attempt: number) => unknown;

  /** A process of the service, with a lease of so many milliseconds. */
  function process(lease: number, handler: Handler, concurrency = 1) {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(({ number }, event) => handler(number, event.attempt), {
      listenerName: 'watch',
      since: 'beginning',
      acknowledgementTimeout: `${lease}ms`,
      concurrency,
    });
    return bus.client;
  }

  async function fire(count: number) {
    const bus = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    for (const number of oneTo(count)) await bus.shop.order_placed.fire({ number });
  }

  it('are renewed while handlers run: three leases long, with two processes, once each', async () => {
    const calls: string[] = [];
    const handler: Handler = async (number, attempt) => {
      calls.push(`${number} at attempt ${attempt}`);
      await sleep(3000);
    };
    for (const _ of [1, 2]) await process(1000, handler, 2).startWorker();
    await fire(4);
    await until('all have begun', () => calls.length >= 4);
    await world.settled(DURABLE);
    expect(calls.sort()).to.deep.equal(oneTo(4).map((number) => `${number} at attempt 1`));
  });

  it('are given back for what has merely waited a third of them, and another process has it', async () => {
    await fire(60);
    const [slow, release] = [gate(), gate()];
    const first: number[] = [];
    await process(6000, async (number) => {
      first.push(number);
      if (number !== 30) return;
      slow.open();
      await release.opened;
    }).startWorker();
    await slow.opened;
    const acks = await acknowledgements();
    const second: number[] = [];
    await process(6000, (number) => second.push(number)).startWorker();
    await until('the other process has the rest', () => second.length >= 30);
    release.open();
    await world.settled(DURABLE);
    expect(first).to.deep.equal(oneTo(30));
    expect(second.sort((a, b) => a - b)).to.deep.equal(oneTo(60).slice(30));
    expect(acks, 'what the first says of those behind the slow one').to.include('-NAK');
  });

  it('do not count a waiting event up to a dead letter behind a handler that takes very long', async () => {
    await fire(40);
    const seen: number[] = [];
    await process(300, async (number, attempt) => {
      if (number === 20) await sleep(4000);
      seen.push(number);
      expect(attempt).to.be.below(4);
    }).startWorker();
    await until('all were handled', () => seen.length >= 40);
    await world.settled(DURABLE);
    expect(seen.sort((a, b) => a - b)).to.deep.equal(oneTo(40));
    expect(await world.deadLetters()).to.deep.equal([]);
  });

  it('that a blocked event loop lost make waiting events come again, rather than run twice', async () => {
    await fire(30);
    const calls: number[] = [];
    await process(500, async (number, attempt) => {
      await new Promise(setImmediate);
      if (number === 15 && attempt === 1) {
        await until('others are held', async () => (await world.durable(DURABLE)).num_ack_pending > 1);
        const end = performance.now() + 1200;
        while (performance.now() < end);
      }
      calls.push(number);
    }).startWorker();
    await until('it was said', () => world.log.entries.some(({ fields }) => fields.reason === 'lease_lost'));
    await until('all were handled', () => new Set(calls).size === 30);
    await world.settled(DURABLE);
    expect(calls.filter((number) => number !== 15).sort((a, b) => a - b)).to.deep.equal(
      oneTo(30).filter((number) => number !== 15),
    );
  });

  it('that ended hand the event to another process; one that has not ended does not', async () => {
    const running = gate();
    const failed: number[] = [];
    const first = process(
      1000,
      async (number) => {
        if (number === 2) throw new Error('as if it had died');
        failed.push(number);
        running.open();
      },
      2,
    );
    const worker = await first.startWorker();
    await fire(1);
    await running.opened;
    await world.settled(DURABLE);
    const bus = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    await bus.shop.order_placed.fire({ number: 2 });
    await errorOf(worker.done);
    const second: string[] = [];
    await process(1000, (number, attempt) => second.push(`${number} at attempt ${attempt}`)).startWorker();
    await world.settled(DURABLE);
    expect(second).to.deep.equal(['2 at attempt 2']);
    expect(failed).to.deep.equal([1]);
  });

  it('of a process that was restarted end, too: it gets its own pending events again', async () => {
    await fire(3);
    const client = process(1000, () => {
      throw new Error('as if it had died');
    });
    await errorOf((await client.startWorker()).done);
    expect((await world.durable(DURABLE)).num_ack_pending).to.be.at.least(1);
    const seen: number[] = [];
    await process(1000, (number) => seen.push(number)).startWorker();
    await world.settled(DURABLE);
    expect(seen.sort()).to.deep.equal([1, 2, 3]);
  });

  it('that ended while there was no connection do not make an event run beside itself in its own process', async () => {
    await using proxy = await openProxy(nats);
    const bus = world.bus({ apis: [ShopApi], nats: { servers: proxy.url } });
    const calls: number[] = [];
    const [running, finish] = [gate(), gate()];
    bus.shop.order_placed.listen(
      async ({ number }) => {
        calls.push(number);
        running.open();
        await finish.opened;
      },
      { listenerName: 'watch', since: 'beginning', acknowledgementTimeout: '1s', concurrency: 2 },
    );
    await bus.client.startWorker();
    await fire(1);
    await running.opened;
    proxy.weather = 'refuse';
    proxy.cut();
    await sleep(1500); // Longer than the lease: the server hands the event over again, to this process.
    proxy.weather = 'fair';
    await until('it came again', async () => (await world.durable(DURABLE)).delivered.consumer_seq >= 2);
    // What comes behind it runs: so it has arrived, and been put aside.
    await world.bus({ apis: [ShopApi], serviceName: 'shop' }).shop.order_placed.fire({ number: 2 });
    await until('the next one runs', () => calls.includes(2));
    finish.open();
    await world.settled(DURABLE);
    expect(calls).to.deep.equal([1, 2]);
    await bus.client.close();
  });

  /** What is sent to the ack addresses of the durable from now on. */
  async function acknowledgements(): Promise<string[]> {
    const client = await world.client();
    const seen: string[] = [];
    client.subscribe(`$JS.ACK.${world.stream()}.${DURABLE}.>`, {
      callback: (_error, message) => seen.push(message.string()),
    });
    await client.flush();
    return seen;
  }
});
