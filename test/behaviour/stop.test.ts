import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { BusAlreadyClosed, type ListenOptions } from '../../lib/index.js';
import { openProxy } from '../faults/support/proxy.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('stopping a worker', function () {
  this.timeout('60s');
  const nats = useNats();
  const world = useWorld(nats);

  function watch(handler: (number: number, signal: AbortSignal) => unknown, options: Partial<ListenOptions> = {}) {
    const config = { prefix: world.prefix, shutdownTimeout: '200ms' } as const;
    const bus = world.bus({ apis: [ShopApi], config });
    bus.shop.order_placed.listen(({ number }, event) => handler(number, event.signal), {
      listenerName: 'watch',
      since: 'beginning',
      ...options,
    });
    return bus;
  }

  async function fire(count: number) {
    const bus = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    for (const number of oneTo(count)) await bus.shop.order_placed.fire({ number });
  }

  it('bears handlers that end while the connection is being closed, whose events come again', async () => {
    await using proxy = await openProxy(nats);
    await fire(200);
    const config = { prefix: world.prefix, shutdownTimeout: '10ms' } as const;
    const bus = world.bus({ apis: [ShopApi], config, nats: { servers: proxy.url } });
    const ends: (() => void)[] = [];
    const options = { since: 'beginning', acknowledgementTimeout: '2s' } as const;
    const endless = () => new Promise<void>((resolve) => ends.push(resolve));
    bus.shop.order_placed.listen(endless, { ...options, listenerName: 'watch', concurrency: 200 });
    await bus.client.startWorker();
    await until('all run', () => ends.length === 200);
    let closed = false;
    const closing = bus.client.close().then(() => {
      closed = true;
    });
    await world.log.said('Stopped with handlers still running');
    // Closing takes some round trips, and no acknowledgement is in their way.
    proxy.bytesPerSecond = 400;
    proxy.weather = 'swallow-acks';
    let ended = 0;
    for (const end of ends) {
      if (closed) break;
      ended += 1;
      end();
      await sleep(5);
    }
    await closing;
    expect(ended, 'handlers that ended meanwhile').to.be.above(0);
    expect(world.logged('', 'error')).to.deep.equal([]);
    const other = world.bus({ apis: [ShopApi] });
    other.shop.order_placed.listen(() => undefined, { ...options, listenerName: 'watch' });
    await other.client.startWorker();
    await world.settled(DURABLE);
  });

  it('waits for the handler that runs, acknowledges its event, and begins no other', async () => {
    await fire(20);
    const seen: number[] = [];
    const running = gate();
    const bus = watch(async (number) => {
      seen.push(number);
      if (number < 10) return;
      running.open();
      await sleep(50);
      seen.push(-number);
    });
    const worker = await bus.client.startWorker();
    await running.opened;
    await worker.stop();
    await worker.done;
    expect(seen).to.deep.equal([...oneTo(10), -10]);
    const { num_pending, num_ack_pending, ack_floor } = await world.durable(DURABLE);
    expect(ack_floor.stream_seq).to.equal(10);
    expect(num_pending + num_ack_pending).to.equal(10);
  });

  it('gives back what has not begun, in order, so that another process has it long before the lease is over', async () => {
    await fire(40);
    const running = gate();
    const first = watch(async (number) => {
      if (number === 20) {
        running.open();
        await sleep(100);
      }
    });
    const worker = await first.client.startWorker();
    await running.opened;
    expect((await world.durable(DURABLE)).num_ack_pending, 'held by the first').to.be.above(1);
    await worker.stop();
    const seen: number[] = [];
    await watch((number) => seen.push(number)).client.startWorker();
    // The lease is a minute, and a test may take no longer.
    await world.settled(DURABLE);
    expect(seen).to.deep.equal(oneTo(40).slice(20));
  });

  for (const how of ['throwing', 'returning'])
    it(`aborts event.signal after shutdownTimeout, and gives back the event of a handler that heeds it by ${how}`, async () => {
      await fire(1);
      const running = gate();
      const reasons: Error[] = [];
      const bus = watch((_number, signal) => {
        running.open();
        return new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason as Error);
            if (how === 'throwing') reject(signal.reason);
            else resolve();
          });
        });
      });
      const worker = await bus.client.startWorker();
      await running.opened;
      await worker.stop();
      await worker.done;
      expect(String(reasons[0])).to.include('shutdownTimeout');
      const attempts: number[] = [];
      const next = world.bus({ apis: [ShopApi] });
      next.shop.order_placed.listen((_parameters, event) => attempts.push(event.attempt), { listenerName: 'watch' });
      await next.client.startWorker();
      await world.settled(DURABLE);
      expect(attempts).to.deep.equal([2]);
    });

  it('leaves a handler behind that heeds nothing, unacknowledged, and says so', async () => {
    await fire(1);
    const running = gate();
    const never = gate();
    const bus = watch(async () => {
      running.open();
      await never.opened;
    });
    const worker = await bus.client.startWorker();
    await running.opened;
    await worker.stop();
    expect(world.logged('handlers still running after shutdownTimeout', 'warn')[0]?.fields).to.include({ handlers: 1 });
    expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
  });

  it('happens when the signal that it was started with is aborted', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const worker = await watch((number) => seen.push(number)).client.startWorker({ signal: controller.signal });
    await fire(1);
    await world.settled(DURABLE);
    controller.abort();
    await worker.done;
    await fire(1);
    await until('the server counts it', async () => (await world.durable(DURABLE)).num_pending === 1);
    expect(seen).to.deep.equal([1]);
  });

  it('is refused with the signal that was aborted before', async () => {
    const error = await errorOf(
      watch(() => {}).client.startWorker({ signal: AbortSignal.abort(new RangeError('too late')) }),
    );
    expect(error.message).to.equal('too late');
  });

  it('may be asked for twice, and by close()', async () => {
    const bus = watch(() => {});
    const worker = await bus.client.startWorker();
    await Promise.all([worker.stop(), worker.stop(), bus.client.close(), bus.client.close()]);
    await worker.done;
    await worker.stop();
    expect(await errorOf(bus.client.startWorker())).to.be.instanceOf(BusAlreadyClosed);
  });

  it('is done by `await using`', async () => {
    const seen: number[] = [];
    const bus = watch((number) => seen.push(number));
    {
      await using worker = await bus.client.startWorker();
      expect(worker.done).to.be.instanceOf(Promise);
      await fire(1);
      await world.settled(DURABLE);
    }
    await fire(1);
    await until('the server counts it', async () => (await world.durable(DURABLE)).num_pending === 1);
    expect(seen).to.deep.equal([1]);
  });

  it('of a failing listener lets the handlers of others end, and acknowledges their events', async () => {
    const bus = watch(() => {});
    const running = gate();
    const ended: number[] = [];
    bus.shop.order_paid.listen(
      async ({ number }) => {
        running.open();
        await until('the worker is stopping', () => world.logged('stopping the worker').length > 0);
        ended.push(number);
      },
      { listenerName: 'slow' },
    );
    bus.shop.order_placed.listen(
      async () => {
        await running.opened;
        throw new RangeError('of the other listener');
      },
      { listenerName: 'failing' },
    );
    const worker = await bus.client.startWorker();
    await bus.shop.order_paid.fire({ number: 1 });
    await bus.shop.order_placed.fire({ number: 1 });
    expect(await errorOf(worker.done)).to.be.instanceOf(RangeError);
    expect(ended).to.deep.equal([1]);
    await world.settled('other-service--slow--order_paid');
  });
});
