import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { gate } from '../../support/worker.js';
import { delivery, FakeSource, listen } from './listener-setup.js';

const LEASE = 600;

describe('what a listener holds and has not begun', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers();
  });
  afterEach(() => clock.restore());

  /** A listener of one event at a time, whose handlers wait until `finish` is opened. */
  function slow(options: Parameters<typeof listen>[1] = {}, maxAttempts = 10) {
    const finish = gate();
    const calls: unknown[] = [];
    const handler = async ({ number }: Record<string, unknown>) => {
      calls.push(number);
      await finish.opened;
    };
    const policy = { maxAttempts, backoff: () => 70 };
    return { ...listen({ handler, policy }, { lease: LEASE, ...options }), finish, calls };
  }

  const warned = (log: ReturnType<typeof listen>['log'], text: string) =>
    log.entries.filter(({ message }) => message.includes(text));

  it('is given back after a third of its lease; a replay is kept, for it would come straight back', async () => {
    const { hand } = slow();
    const [running, waiting] = [hand(delivery(1)), hand(delivery(2))];
    const replay = hand(delivery(3), new FakeSource('lightbus_replays', LEASE), true);
    await clock.tickAsync(LEASE);
    expect(waiting.told).to.deep.equal(['nak 0']);
    for (const { told } of [running, replay]) expect(new Set(told)).to.deep.equal(new Set(['working']));
  });

  describe('because it may be what ends its process', () => {
    it('is no such suspect when it was delivered once more than it may fail, as an orderly stop leaves it', async () => {
      const { hand, calls } = slow({ concurrency: 3 }, 1);
      for (const each of [1, 2, 3]) hand(delivery(each, { deliveries: 2 }));
      expect(calls).to.deep.equal([1, 2, 3]);
    });

    it('is given back after a third of its lease, and told of once', async () => {
      const { hand, log, calls } = slow({ concurrency: 3 }, 1);
      hand(delivery(1));
      for (const each of [2, 3]) {
        const suspect = hand(delivery(each, { deliveries: 3 }));
        await clock.tickAsync(LEASE);
        expect(suspect.told).to.deep.equal(['nak 0']);
      }
      expect(calls).to.deep.equal([1]);
      expect(warned(log, 'waits until it can run by itself')).to.have.length(1);
    });

    it('is kept while others like it run one after another, for to be given back would cost it a chance', async () => {
      const calls: unknown[] = [];
      const handler = async ({ number }: Record<string, unknown>) => {
        calls.push(number);
        await new Promise((resolve) => setTimeout(resolve, LEASE / 4));
      };
      const policy = { maxAttempts: 1, backoff: () => 70 };
      const { hand } = listen({ handler, policy }, { lease: LEASE, concurrency: 3 });
      const suspects = [1, 2, 3, 4, 5].map((each) => hand(delivery(each, { deliveries: 3 })));
      await clock.tickAsync(LEASE * 2);
      expect([...calls].sort()).to.deep.equal([1, 2, 3, 4, 5]);
      for (const { told } of suspects) expect(told.at(-1)).to.equal('ack');
    });

    it('is kept when it would be given up without a run the next time', async () => {
      const { hand, calls, finish } = slow({ concurrency: 3 }, 1);
      hand(delivery(1));
      const last = hand(delivery(2, { deliveries: 4 }));
      await clock.tickAsync(LEASE);
      expect(new Set(last.told)).to.deep.equal(new Set(['working']));
      finish.open();
      await clock.tickAsync(LEASE);
      expect(calls).to.deep.equal([1, 2]);
      expect(last.told.at(-1)).to.equal('ack');
    });
  });

  it('begins once what was handled before is acknowledged for good, if it came oftener than failures explain', async () => {
    const calls: unknown[] = [];
    const handler = ({ number }: Record<string, unknown>) => void calls.push(number);
    const { hand } = listen({ handler, policy: { maxAttempts: 1, backoff: () => 70 } }, { concurrency: 3 });
    const handed = [hand(delivery(1)), hand(delivery(2)), hand(delivery(3, { deliveries: 2 })), hand(delivery(4))];
    expect(calls).to.deep.equal([1, 2]);
    await clock.tickAsync(4);
    expect(calls).to.deep.equal([1, 2]);
    await clock.tickAsync(1);
    expect(calls).to.deep.equal([1, 2, 3, 4]);
    for (const { told } of handed) expect(told).to.deep.equal(['ack']);
  });

  it('is asked for one at a time until an event came that is not a suspect, so that a killer takes nothing along', async () => {
    const { hand, source } = slow({ concurrency: 20 }, 1);
    expect(source.pulls).to.deep.equal([1]);
    hand(delivery(1));
    expect(source.pulls.slice(1)).to.deep.equal([19]);
  });

  it('is dropped when the machine slept longer than its lease, and comes again', async () => {
    const { hand, log, finish, calls } = slow();
    const [running, waiting] = [hand(delivery(1)), hand(delivery(2))];
    await clock.tickAsync(1);
    clock.setSystemTime(Date.now() + 10 * LEASE);
    await clock.tickAsync(LEASE / 6);
    finish.open();
    await clock.tickAsync(1);
    expect(calls).to.deep.equal([1]);
    expect(running.told).to.deep.equal(['working', 'ack']);
    expect(waiting.told).to.deep.equal([]);
    expect(warned(log, 'The machine slept')).to.have.length(1);
  });

  it('is not dated by when it was read, when that was after a sleep', async () => {
    clock.restore();
    clock = sinon.useFakeTimers({ toFake: ['Date', 'performance', 'setInterval', 'clearInterval'] });
    const { loop } = slow();
    clock.tick(1);
    clock.setSystemTime(Date.now() + 10 * LEASE);
    // The tick comes first, then what lay in the socket, and only then the immediates.
    clock.tick(LEASE / 6);
    expect(performance.now() - loop.sentAt(performance.now())).to.be.at.least(10 * LEASE);
    await turn();
    expect(loop.sentAt(performance.now())).to.equal(performance.now());
  });

  it('is batched from the arrival of the first, not from when a handler was free for it', async () => {
    const finish = gate();
    const sizes: number[] = [];
    const handler = async (events: unknown) => {
      sizes.push((events as unknown[]).length);
      await finish.opened;
    };
    const { hand } = listen({ handler }, { batches: { maxSize: 2, maxWait: 1000 } });
    for (const each of [1, 2, 3]) hand(delivery(each));
    await clock.tickAsync(900);
    finish.open();
    await clock.tickAsync(99);
    expect(sizes).to.deep.equal([2]);
    await clock.tickAsync(1);
    expect(sizes).to.deep.equal([2, 1]);
  });

  it('leaves turns to others, though handlers never wait', async () => {
    let handled = 0;
    const { hand } = listen({
      handler: () => {
        handled += 1;
        clock.tick(4);
      },
    });
    for (const each of Array.from({ length: 50 }, (_, index) => index + 1)) hand(delivery(each));
    expect(handled).to.be.below(10);
    await clock.tickAsync(1000);
    expect(handled).to.equal(50);
  });
});
