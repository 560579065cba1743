import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { gate } from '../../support/worker.js';
import { delivery, FakeSource, listen } from './listener-setup.js';

describe('an event that is handed over again while it is held', () => {
  /** A listener whose handlers wait until `finish` is opened. */
  function waiting(options: Parameters<typeof listen>[1] = {}) {
    const finish = gate();
    const calls: unknown[] = [];
    const handler = async ({ number }: Record<string, unknown>) => {
      calls.push(number);
      await finish.opened;
    };
    return { ...listen({ handler }, options), finish, calls };
  }

  it('does not run beside itself, be it one of two streams that count alike, or of the replays', async () => {
    const { loop, hand, finish, calls } = waiting({ concurrency: 10 });
    const sources = ['lightbus-shop', 'lightbus-stock', 'lightbus_replays'].map((stream) => new FakeSource(stream));
    for (const deliveries of [1, 2]) {
      for (const source of sources) {
        hand(delivery(1, { stream: source.stream, deliveries }), source, source.stream === 'lightbus_replays');
      }
    }
    finish.open();
    await turn();
    expect(calls).to.deep.equal([1, 1, 1]);
    expect(await loop.stop(0)).to.equal(0);
  });

  it('runs once if it still waited, by its first hand-over', async () => {
    const { loop, hand, finish, calls } = waiting();
    hand(delivery(1));
    const first = hand(delivery(2));
    const again = hand(delivery(2, { deliveries: 2 }));
    finish.open();
    await turn();
    expect(calls).to.deep.equal([1, 2]);
    expect(first.told).to.deep.equal(['ack']);
    expect(again.told).to.deep.equal([]);
    await loop.stop(0);
  });

  it('is another event if its stream was made anew', async () => {
    const { loop, hand, finish, calls } = waiting({ concurrency: 2 });
    hand(delivery(1));
    hand({ ...delivery(1), timestamp: '1800000000000000000' });
    expect(calls).to.deep.equal([1, 1]);
    finish.open();
    await turn();
    await loop.stop(0);
  });

  it('renews the lease of the one that runs: the server has just begun to count anew', async () => {
    const clock = sinon.useFakeTimers();
    try {
      const { loop, hand, finish } = waiting({ lease: 600 });
      const first = hand(delivery(1));
      const [held] = loop.held;
      await clock.tickAsync(50);
      hand(delivery(1, { deliveries: 2 }));
      expect(held?.renewedAt).to.equal(50);
      expect(first.told).to.deep.equal([]);
      finish.open();
      await clock.tickAsync(10);
      await loop.stop(0);
    } finally {
      clock.restore();
    }
  });
});
