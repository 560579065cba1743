import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type BatchOptions, OnError, type ReceivedEvent, Reject } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, oneTo, ShopApi, until, useWorld } from '../support/worker.js';

type Order = ReceivedEvent<'shop', 'order_placed', { number: number }>;
type Options = Partial<BatchOptions<{ number: number }, Order>>;

const DURABLE = 'other-service--bulk--order_placed';
const numbersOf = (events: readonly Order[]) => events.map((event) => event.parameters.number);

describe('a listener of batches', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  /** A bus of the API, whose durable exists, so that what is fired before the worker starts is not missed. */
  async function shop(count: number) {
    const bus = world.bus({ apis: [ShopApi] });
    await fire(bus, oneTo(count));
    return bus;
  }

  async function fire(bus: ReturnType<typeof world.bus<typeof ShopApi>>, numbers: readonly number[]) {
    for (const number of numbers) await bus.shop.order_placed.fire({ number });
  }

  const options = (more: Options = {}) =>
    ({ listenerName: 'bulk', since: 'beginning', maxSize: 10, maxWait: '5s', backoff: ['50ms'], ...more }) as const;

  it('is handed maxSize events at a time, in order, and the rest once maxWait is over', async () => {
    const batches: number[][] = [];
    const bus = await shop(23);
    bus.shop.order_placed.listenBatch((events) => batches.push(numbersOf(events)), options({ maxWait: '2s' }));
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(batches.map((batch) => batch.length)).to.deep.equal([10, 10, 3]);
    expect(batches.flat()).to.deep.equal(oneTo(23));
  });

  it('does not keep a single event waiting for longer than maxWait', async () => {
    const bus = await shop(0);
    const handled: number[] = [];
    bus.shop.order_placed.listenBatch((events) => handled.push(...numbersOf(events)), options({ maxWait: '100ms' }));
    await bus.client.startWorker();
    await fire(bus, [1]);
    await world.settled(DURABLE);
    expect(handled).to.deep.equal([1]);
  });

  it('handles no more batches at a time than its concurrency, and as many', async () => {
    let [running, most] = [0, 0];
    const two = gate();
    const bus = await shop(40);
    bus.shop.order_placed.listenBatch(
      async () => {
        running += 1;
        most = Math.max(most, running);
        if (running === 2) two.open();
        await two.opened;
        await sleep(20);
        running -= 1;
      },
      options({ concurrency: 2 }),
    );
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(most).to.equal(2);
  });

  describe('that fails', () => {
    it('gets all of a batch again that threw', async () => {
      const seen: string[] = [];
      const bus = await shop(3);
      bus.shop.order_placed.listenBatch(
        (events) => {
          for (const event of events) seen.push(`${event.parameters.number}/${event.attempt}`);
          if (events.some((event) => event.attempt === 1)) throw new Error('database is away');
        },
        options({ maxSize: 3, onError: OnError.RETRY }),
      );
      await bus.client.startWorker();
      await world.settled(DURABLE);
      expect(seen.sort()).to.deep.equal(['1/1', '1/2', '2/1', '2/2', '3/1', '3/2']);
    });

    it('gets those again that it failed by themselves, and no other', async () => {
      const seen: string[] = [];
      const bus = await shop(4);
      bus.shop.order_placed.listenBatch(
        async (events, batch) => {
          for (const event of events) {
            seen.push(`${event.parameters.number}/${event.attempt}`);
            if (event.parameters.number === 2 && event.attempt === 1) batch.fail(event, new Error('locked'));
          }
        },
        options({ maxSize: 4, maxWait: '200ms', onError: OnError.RETRY }),
      );
      await bus.client.startWorker();
      await world.settled(DURABLE);
      expect(seen).to.deep.equal(['1/1', '2/1', '3/1', '4/1', '2/2']);
    });

    it('gives each event the outcome of its own error: its own verdict, or what onError says of it', async () => {
      const bus = await shop(4);
      const asked: string[] = [];
      bus.shop.order_placed.listenBatch(
        (events, batch) => {
          const [first, second] = events as [Order, Order];
          batch.fail(first, new Reject('no such country'));
          batch.fail(second, new Error('its own'));
          throw new Error('all the others');
        },
        options({
          maxSize: 4,
          onError: (error, event) => {
            asked.push(`${event.parameters.number}: ${(error as Error).message}`);
            return event.parameters.number === 4 ? OnError.DEAD_LETTER : OnError.ACKNOWLEDGE_AND_LOG;
          },
        }),
      );
      await bus.client.startWorker();
      await world.settled(DURABLE);
      expect(asked).to.include.members(['2: its own', '3: all the others', '4: all the others']);
      const kept = (await world.deadLetters()).map((letter) => letter.json<{ number: number }>().number);
      expect(kept.sort()).to.deep.equal([1, 4]);
    });

    it('stops its worker with SHUTDOWN, and leaves all of the batch to the next', async () => {
      const bus = await shop(3);
      bus.shop.order_placed.listenBatch(
        () => {
          throw new Error('out of disk');
        },
        options({ maxSize: 3, acknowledgementTimeout: '1s' }),
      );
      const worker = await bus.client.startWorker();
      expect((await errorOf(worker.done)).message).to.equal('out of disk');
      expect((await world.durable(DURABLE)).num_ack_pending).to.equal(3);

      const handled: number[] = [];
      const next = world.bus({ apis: [ShopApi] });
      next.shop.order_placed.listenBatch((events) => handled.push(...numbersOf(events)), options({ maxSize: 3 }));
      await next.client.startWorker();
      await world.settled(DURABLE);
      expect(handled.sort()).to.deep.equal([1, 2, 3]);
    });

    it('is told by the signal of each event that its handlerTimeout is over, which is a failure', async () => {
      const bus = await shop(2);
      const aborted: number[] = [];
      bus.shop.order_placed.listenBatch(
        async (events) => {
          if (events.some((event) => event.attempt > 1)) return;
          for (const event of events)
            event.signal.addEventListener('abort', () => aborted.push(event.parameters.number));
          await new Promise(() => undefined);
        },
        options({ maxSize: 2, handlerTimeout: '100ms', onError: OnError.RETRY }),
      );
      await bus.client.startWorker();
      await world.settled(DURABLE);
      expect(aborted).to.deep.equal([1, 2]);
      const [entry] = world.logged('A handler failed; trying again', 'warn');
      expect(String(entry?.fields.err)).to.include('handlerTimeout');
    });

    it('cannot fail what is none of its events, nor anything once it has ended', async () => {
      const bus = await shop(1);
      const { shop: api } = bus;
      let late: (() => void) | undefined;
      let foreign: unknown;
      api.order_placed.listenBatch(
        (events, batch) => {
          const [event] = events as [Order];
          late = () => batch.fail(event, new Error('too late'));
          try {
            batch.fail({ ...event }, new Error('a copy'));
          } catch (error) {
            foreign = error;
          }
        },
        options({ maxSize: 1 }),
      );
      await bus.client.startWorker();
      await world.settled(DURABLE);
      late?.();
      expect(foreign).to.have.property('code', 'InvalidEventArguments');
      expect(world.logged('batch.fail came after its batch had ended', 'error')).to.have.length(1);
    });
  });

  it('never sees what cannot be decoded, which becomes a dead letter; the rest of the batch is handled', async () => {
    const handled: number[] = [];
    const bus = await shop(1);
    await world.publish('shop.order_placed', '{"number": "many"}');
    await world.publish('shop.order_placed', 'no JSON');
    await fire(bus, [4]);
    bus.shop.order_placed.listenBatch((events) => handled.push(...numbersOf(events)), options({ maxSize: 4 }));
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(handled).to.deep.equal([1, 4]);
    expect((await world.deadLetters()).map((letter) => letter.string())).to.have.members([
      '{"number": "many"}',
      'no JSON',
    ]);
  });

  it('runs the hooks for each event; a failing one fails its event alone', async () => {
    const hooked: string[] = [];
    const handled: number[] = [];
    const bus = await shop(3);
    bus.client.beforeEventExecution((event) => {
      hooked.push(`before ${event.parameters.number}`);
      if (event.parameters.number === 2) throw new Reject('not this one');
    });
    bus.client.afterEventExecution((event) => hooked.push(`after ${event.parameters.number}`));
    bus.shop.order_placed.listenBatch((events) => handled.push(...numbersOf(events)), options({ maxSize: 3 }));
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(handled).to.deep.equal([1, 3]);
    expect(hooked.sort()).to.deep.equal(['after 1', 'after 3', 'before 1', 'before 2', 'before 3']);
    expect(await world.deadLetters()).to.have.length(1);
  });

  it('holds the leases of what gathers and of what runs: each event once, in two processes', async () => {
    const handled: number[] = [];
    const listen = (bus: Awaited<ReturnType<typeof shop>>) =>
      bus.shop.order_placed.listenBatch(
        async (events) => {
          handled.push(...numbersOf(events));
          await sleep(2500);
        },
        options({ acknowledgementTimeout: '1s', maxWait: '2s' }),
      );
    const bus = await shop(0);
    listen(bus);
    await bus.client.startWorker();
    await fire(bus, [1, 2, 3]);
    const other = world.bus({ apis: [ShopApi] });
    listen(other);
    await other.client.startWorker();
    await world.settled(DURABLE);
    expect(handled.sort()).to.deep.equal([1, 2, 3]);
  });

  it('gives back at a stop what has not begun, so that another process has it, and lets what runs end', async () => {
    const begun = gate();
    const go = gate();
    const first: number[] = [];
    const bus = await shop(2);
    bus.shop.order_placed.listenBatch(
      async (events) => {
        begun.open();
        await go.opened;
        first.push(...numbersOf(events));
      },
      options({ maxSize: 2, maxWait: '20h', acknowledgementTimeout: '5m' }),
    );
    const worker = await bus.client.startWorker();
    await begun.opened;
    await fire(bus, [3]);
    go.open();
    await until('the third event gathers', async () => {
      const { delivered, ack_floor } = await world.durable(DURABLE);
      return delivered.stream_seq === 3 && ack_floor.stream_seq === 2;
    });
    await worker.stop();
    expect(first).to.deep.equal([1, 2]);

    const second: number[] = [];
    const next = world.bus({ apis: [ShopApi] });
    next.shop.order_placed.listenBatch((events) => second.push(...numbersOf(events)), options({ maxSize: 1 }));
    await next.client.startWorker();
    await world.settled(DURABLE);
    expect(second).to.deep.equal([3]);
  });

  it('runs each event by itself that came more often than it may fail: one of them may kill its process', async () => {
    const handled: number[][] = [];
    const bus = await shop(3);
    await world.addDurable(DURABLE, { ack_wait: 60_000_000_000 });
    const consumer = await (await world.client()).jetstream().consumers.get(world.stream(), DURABLE);
    for (const _ of [1, 2])
      for await (const message of await consumer.fetch({ max_messages: 3, expires: 5000 })) message.nak();
    bus.shop.order_placed.listenBatch(
      (events) => handled.push(numbersOf(events)),
      options({ maxSize: 3, maxAttempts: 1 }),
    );
    await bus.client.startWorker();
    await world.settled(DURABLE);
    expect(handled).to.deep.equal([[1], [2], [3]]);
  });

  it('refuses options that make no sense with batches, and says what to do', () => {
    const bus = world.bus({ apis: [ShopApi] });
    const refusal = (handler: unknown, more: object) => {
      try {
        bus.shop.order_placed.listenBatch(handler as () => void, options(more));
      } catch (error) {
        return `${(error as { code: string }).code}: ${(error as Error).message}`;
      }
      return 'accepted';
    };
    const handler = () => undefined;
    expect(refusal(handler, { ordered: true })).to.match(
      /^InvalidEventListener: listener "bulk": ordered .* use listen/,
    );
    expect(refusal(handler, { orderBy: () => 1 })).to.match(/^InvalidEventListener: listener "bulk": orderBy/);
    expect(refusal(handler, { concurrency: 100, maxSize: 100 })).to.match(/^InvalidEventListener.*lower concurrency/);
    expect(refusal(handler, { maxSize: 0 })).to.match(
      /^InvalidConfiguration.*maxSize: 0 is not allowed; give a whole number from 1/,
    );
    expect(refusal(handler, { maxWait: '2d' })).to.match(
      /^InvalidConfiguration.*maxWait: "2d" is not allowed; give at most '1d'/,
    );
    expect(refusal(handler, { size: 3 })).to.match(
      /^InvalidConfiguration.*size is not an option.*'maxSize', 'maxWait'/,
    );
    expect(refusal(new URL('file:///report.ts'), {})).to.match(
      /^InvalidEventListener.*a URL; give a function \(events/,
    );
  });
});
