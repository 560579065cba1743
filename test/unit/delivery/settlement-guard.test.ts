import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { OnError } from '../../../lib/delivery/options.js';
import type { Received } from '../../../lib/delivery/received.js';
import { delivery, listen } from './listener-setup.js';

const BATCHES = { maxSize: 2, maxWait: 0 };

/** Resolves when the event's signal is aborted. */
async function untilAborted({ signal }: { signal: AbortSignal }): Promise<void> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

describe('a handler that is told to stop', () => {
  it('has its event given back, if it returns early as if it throws, and onError is not asked', async () => {
    const asked: unknown[] = [];
    const { loop, hand, log } = listen(
      {
        handler: async ({ number }, event) => {
          await untilAborted(event);
          if (number === 2) throw event.signal.reason;
        },
        onError: (error) => {
          asked.push(error);
          return OnError.ACKNOWLEDGE_AND_LOG;
        },
      },
      { concurrency: 2 },
    );
    const given = [hand(delivery(1)), hand(delivery(2))];
    expect(await loop.stop(0)).to.equal(0);
    expect(given.map(({ told }) => told)).to.deep.equal([['nak 0'], ['nak 0']]);
    expect(asked).to.deep.equal([]);
    expect(log.entries.filter(({ message }) => message.includes('interrupted by the stop'))).to.have.length(2);
  });

  it('has its whole batch given back', async () => {
    const handler = async (events: unknown) => untilAborted((events as Received[])[0] as Received);
    const { loop, hand } = listen({ handler }, { batches: BATCHES });
    const given = [hand(delivery(1)), hand(delivery(2))];
    expect(await loop.stop(0)).to.equal(0);
    expect(given.map(({ told }) => told)).to.deep.equal([['nak 0'], ['nak 0']]);
  });

  for (const [what, options] of [
    ['single events', {}],
    ['a batch', { batches: { maxSize: 1, maxWait: 0 } }],
  ] as const) {
    it(`does not begin after that, when a hook was waited for: ${what}`, async () => {
      const called: unknown[] = [];
      const { loop, hand } = listen({ handler: (given) => called.push(given), before: untilAborted }, options);
      const given = hand(delivery(1));
      await loop.stop(0);
      expect(called).to.deep.equal([]);
      expect(given.told).to.deep.equal(['nak 0']);
    });
  }
});

describe('a RetryAfter of another make', () => {
  for (const delay of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e12]) {
    it(`with a delay of ${delay} is an ordinary failure, and the log says why`, async () => {
      const error = Object.assign(new Error('busy'), { code: 'RetryAfter', delay });
      const { hand, log } = listen({ handler: () => Promise.reject(error) });
      const given = hand(delivery(1));
      await turn();
      expect(given.told).to.deep.equal(['nak 70']);
      const [entry] = log.entries;
      expect(String(entry?.fields.err)).to.include(`whose delay is ${delay}`).and.include('busy');
    });
  }

  it('whose delay cannot be read is an ordinary failure', async () => {
    const error = Object.defineProperty(Object.assign(new Error('busy'), { code: 'RetryAfter' }), 'delay', {
      get() {
        throw new Error('no');
      },
    });
    const { hand } = listen({ handler: () => Promise.reject(error) });
    const given = hand(delivery(1));
    await turn();
    expect(given.told).to.deep.equal(['nak 70']);
  });
});

describe('what throws in the library between a delivery and its end', () => {
  const broken = (): never => {
    throw new Error('a fault of ours');
  };
  const failing = ({ number }: Record<string, unknown>) => {
    if (number === 1) throw new Error('failed');
  };
  for (const [where, parts] of [
    ['the delay of a retry', { policy: { maxAttempts: 10, backoff: broken }, handler: failing }],
    [
      'the delay of a retry, asked later',
      { policy: { maxAttempts: 10, backoff: broken }, handler: failing, onError: async () => OnError.RETRY },
    ],
    ['the start', { before: ({ parameters }: Received) => failing(parameters) }],
  ] as const) {
    it(`is logged, and costs the event another attempt and the listener nothing: ${where}`, async () => {
      const { hand, log, loop } = listen(parts as never);
      const first = hand(delivery(1));
      await turn();
      expect(first.told).to.deep.equal(['nak 5000']);
      expect(log.entries.some(({ message }) => message.includes('This library failed'))).to.equal(true);
      const second = hand(delivery(2));
      await turn();
      expect(second.told).to.deep.equal(['ack']);
      expect(await loop.stop(0)).to.equal(0);
    });
  }

  it('in a batch gives each of its events back', async () => {
    const parts = { policy: { maxAttempts: 10, backoff: broken }, handler: () => Promise.reject(new Error('failed')) };
    const { hand, loop } = listen(parts, { batches: BATCHES });
    const given = [hand(delivery(1)), hand(delivery(2))];
    await turn();
    expect(given.map(({ told }) => told)).to.deep.equal([['nak 5000'], ['nak 5000']]);
    expect(await loop.stop(0)).to.equal(0);
  });
});
