import { expect } from 'chai';
import { OnError, RetryAfter } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('what becomes of a delivery', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  /** A bus whose listener `watch` runs `handler` with these options, and so many events on its stream. */
  async function shop(
    events: number,
    handler: (number: number, attempt: number) => unknown,
    options: { onError?: OnError; maxAttempts?: number; backoff?: `${number}ms`[]; lease?: `${number}s` } = {},
  ) {
    const bus = world.bus({ apis: [ShopApi] });
    for (let number = 1; number <= events; number++) await bus.shop.order_placed.fire({ number });
    const { lease, ...rest } = options;
    bus.shop.order_placed.listen(({ number }, event) => handler(number, event.attempt), {
      listenerName: 'watch',
      since: 'beginning',
      acknowledgementTimeout: lease,
      ...rest,
    });
    return { bus, worker: await bus.client.startWorker() };
  }

  it('acknowledges an event when its handler has resolved, and not before', async () => {
    const running = gate();
    const finish = gate();
    await shop(1, async () => {
      running.open();
      await finish.opened;
    });
    await running.opened;
    expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
    finish.open();
    await world.settled(DURABLE);
  });

  describe('when the handler fails with SHUTDOWN, the default', () => {
    it('stops the worker in the middle of a batch: later events are not run, and all of it stays pending', async () => {
      const seen: number[] = [];
      const { worker } = await shop(5, async (number) => {
        seen.push(number);
        if (number === 3) throw new RangeError('no third order');
      });
      const error = await errorOf(worker.done);
      expect(error).to.be.instanceOf(RangeError);
      expect(seen).to.deep.equal([1, 2, 3]);
      const { num_pending, num_ack_pending } = await world.durable(DURABLE);
      expect(num_pending + num_ack_pending).to.equal(3);
      expect(world.logged('A handler failed; stopping the worker', 'error')).to.have.length(1);
    });

    it('stops the worker where events arrive one by one, too: one call, one event pending', async () => {
      let calls = 0;
      const { bus, worker } = await shop(0, () => {
        calls += 1;
        throw new Error('not today');
      });
      await bus.shop.order_placed.fire({ number: 1 });
      await errorOf(worker.done);
      expect(calls).to.equal(1);
      expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
    });

    it('hands the failed event and those behind it to the next worker of the service', async () => {
      const first = await shop(
        3,
        (number) => {
          if (number === 1) throw new Error('not today');
        },
        { lease: '1s' },
      );
      await errorOf(first.worker.done);
      const seen: number[] = [];
      await shop(0, (number) => seen.push(number), { lease: '1s' });
      await until('all three came', () => seen.length >= 3);
      expect(seen.sort()).to.deep.equal([1, 2, 3]);
    });

    it('gives the event up as a dead letter at the last attempt, and goes on', async () => {
      const seen: number[] = [];
      await shop(
        2,
        (number) => {
          seen.push(number);
          if (number === 1) throw new Error('never');
        },
        { maxAttempts: 1 },
      );
      await world.settled(DURABLE);
      expect(seen).to.deep.equal([1, 2]);
      expect(await world.deadLetters()).to.have.length(1);
    });
  });

  it('acknowledges and logs with ACKNOWLEDGE_AND_LOG, once, with id and stack, and goes on', async () => {
    const seen: number[] = [];
    await shop(
      2,
      async (number) => {
        seen.push(number);
        if (number === 1) throw new RangeError('no first order');
      },
      { onError: OnError.ACKNOWLEDGE_AND_LOG },
    );
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1, 2]);
    const errors = world.logged('', 'error');
    expect(errors).to.have.length(1);
    expect((errors[0]?.fields.err as Error | undefined)?.stack).to.include('RangeError: no first order');
    expect(errors[0]?.fields.eventId).to.match(/^[0-9a-f-]{36}$/);
    expect(await world.deadLetters()).to.deep.equal([]);
  });

  describe('when the handler fails with RETRY', () => {
    it('comes again after the delays of its backoff, counting attempts, until the handler succeeds', async () => {
      const attempts: number[] = [];
      const times: number[] = [];
      await shop(
        1,
        (_number, attempt) => {
          attempts.push(attempt);
          times.push(performance.now());
          if (attempt < 4) throw new Error('not yet');
        },
        { onError: OnError.RETRY, backoff: ['50ms', '150ms'] },
      );
      await until('the fourth attempt', () => attempts.length === 4);
      await world.settled(DURABLE);
      expect(attempts).to.deep.equal([1, 2, 3, 4]);
      const [first = 0, second = 0, third = 0, fourth = 0] = times;
      expect(second - first).to.be.at.least(45);
      expect(third - second).to.be.at.least(145);
      expect(fourth - third, 'the last delay repeats').to.be.at.least(145);
      expect(world.logged('trying again in 50 ms (RETRY)', 'warn')).to.have.length(1);
      expect(world.logged('trying again in 150 ms (RETRY)', 'warn')).to.have.length(2);
    });

    it('lets later events pass meanwhile', async () => {
      const handled: number[] = [];
      await shop(
        3,
        (number) => {
          if (number === 1 && handled.length < 2) throw new Error('after the others');
          handled.push(number);
        },
        { onError: OnError.RETRY, backoff: ['100ms'], maxAttempts: 1000 },
      );
      await world.settled(DURABLE);
      expect(handled).to.deep.equal([2, 3, 1]);
    });

    it('gives up after maxAttempts, with how often it was tried', async () => {
      let calls = 0;
      await shop(
        1,
        () => {
          calls += 1;
          throw new Error('never');
        },
        { onError: OnError.RETRY, backoff: ['20ms'], maxAttempts: 3 },
      );
      await world.settled(DURABLE);
      expect(calls).to.equal(3);
      const [letter] = await world.deadLetters();
      expect(letter?.header.get('lightbus-attempts')).to.equal('3');
      const [firstAt, lastAt] = ['first', 'last'].map((which) => letter?.header.get(`lightbus-${which}-at`) ?? '');
      expect(Date.parse(lastAt ?? '') - Date.parse(firstAt ?? '')).to.be.at.least(35);
    });
  });

  it('comes again after the delay of a RetryAfter, whatever onError says', async () => {
    const times: number[] = [];
    await shop(1, () => {
      times.push(performance.now());
      if (times.length === 1) throw new RetryAfter('300ms');
    });
    await until('the second attempt', () => times.length === 2);
    await world.settled(DURABLE);
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.be.at.least(290);
  });

  it('gives an event up without running it when it was delivered again and again and never settled', async () => {
    const first = await shop(0, () => undefined, { maxAttempts: 2 });
    await first.worker.stop();
    await first.bus.shop.order_placed.fire({ number: 1 });
    const durable = await (await world.client()).jetstream().consumers.get(world.stream(), DURABLE);
    for (let delivery = 1; delivery <= 5; delivery++) (await durable.next())?.nak();
    let calls = 0;
    await shop(
      0,
      () => {
        calls += 1;
      },
      { maxAttempts: 2 },
    );
    await world.settled(DURABLE);
    expect(calls).to.equal(0);
    const [letter] = await world.deadLetters();
    expect(letter?.header.get('lightbus-error-name')).to.equal('KilledItsProcess');
  });
});
