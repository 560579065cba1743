import { expect } from 'chai';
import { type ListenOptions, OnError, Reject } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('who decides about a failure', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  async function shop(
    events: number,
    handler: (number: number, signal: AbortSignal) => unknown,
    options: Partial<ListenOptions>,
  ) {
    const bus = world.bus({ apis: [ShopApi] });
    for (let number = 1; number <= events; number++) await bus.shop.order_placed.fire({ number });
    bus.shop.order_placed.listen(({ number }, event) => handler(number, event.signal), {
      listenerName: 'watch',
      since: 'beginning',
      ...options,
    });
    return bus.client.startWorker();
  }

  it('asks a function with the error and the event, and does what it says of each', async () => {
    const asked: string[] = [];
    const calls: number[] = [];
    await shop(
      3,
      (number) => {
        calls.push(number);
        if (number === 2 && calls.filter((call) => call === 2).length > 1) return;
        throw new Error(`failure ${number}`);
      },
      {
        backoff: ['20ms'],
        onError: async (error, event) => {
          asked.push(`${(error as Error).message} of ${event.eventName} ${event.parameters.number}`);
          if (event.parameters.number === 1) return OnError.DEAD_LETTER;
          return event.parameters.number === 2 ? OnError.RETRY : OnError.ACKNOWLEDGE_AND_LOG;
        },
      },
    );
    await world.settled(DURABLE);
    expect(asked).to.deep.equal([
      'failure 1 of order_placed 1',
      'failure 2 of order_placed 2',
      'failure 3 of order_placed 3',
    ]);
    expect(calls.sort()).to.deep.equal([1, 2, 2, 3]);
    expect((await world.deadLetters()).map((letter) => letter.json())).to.deep.equal([{ number: 1 }]);
  });

  const faulty: [string, ListenOptions['onError']][] = [
    [
      'throws',
      () => {
        throw new Error('undecided');
      },
    ],
    ['rejects', () => Promise.reject(new Error('undecided'))],
    ['returns what is not an outcome', () => 'SOMETIMES' as OnError],
    ['returns nothing', (() => undefined) as unknown as () => OnError],
  ];
  for (const [what, onError] of faulty) {
    it(`shuts down if the function ${what}, with the handler's own error`, async () => {
      const worker = await shop(
        1,
        () => {
          throw new RangeError('of the handler');
        },
        { onError },
      );
      const error = await errorOf(worker.done);
      expect(error.message).to.equal('of the handler');
      expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
      expect(world.logged('onError itself failed; counts as SHUTDOWN', 'error')).to.have.length(1);
    });
  }

  it('gives up at once what a handler rejects, whatever onError says', async () => {
    let calls = 0;
    await shop(
      1,
      () => {
        calls += 1;
        throw new Reject('no such country');
      },
      { onError: OnError.ACKNOWLEDGE_AND_LOG },
    );
    await world.settled(DURABLE);
    expect(calls).to.equal(1);
    const [letter] = await world.deadLetters();
    expect(decodeURIComponent(letter?.header.get('lightbus-error-message') ?? '')).to.equal('no such country');
  });

  it('counts a handler that passes its handlerTimeout as failed, and aborts its signal', async () => {
    const signals: AbortSignal[] = [];
    const never = gate();
    await shop(
      1,
      (_number, signal) => {
        signals.push(signal);
        return signals.length === 1 ? never.opened : undefined;
      },
      { handlerTimeout: '100ms', onError: OnError.RETRY, backoff: ['20ms'] },
    );
    await until('the second attempt', () => signals.length === 2);
    await world.settled(DURABLE);
    expect(signals[0]?.aborted).to.equal(true);
    expect(signals[1]?.aborted).to.equal(false);
    expect(String(world.logged('A handler failed', 'warn')[0]?.fields.err)).to.include('handlerTimeout of 100 ms');
  });

  it('leaves a handler alone that ends within its handlerTimeout', async () => {
    let signal: AbortSignal | undefined;
    await shop(
      1,
      async (_number, own) => {
        signal = own;
      },
      { handlerTimeout: '60s' },
    );
    await world.settled(DURABLE);
    expect(signal?.aborted).to.equal(false);
    expect(world.logged('', 'error')).to.deep.equal([]);
  });
});
