import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { OnError, Reject } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const EVENTS = 400;
const DURABLE = 'other-service--bulk--order_placed';

describe('batches of events that fail in every way, under workers that stop', function () {
  this.timeout('90s');
  const world = useWorld(useNats());

  it('lose no event, handle none twice, and settle each delivery once', async () => {
    const settled = new Map<string, string[]>();
    const client = await world.client();
    client.subscribe('$JS.ACK.>', {
      callback: (_error, message) => {
        const answer = message.string().slice(0, 4);
        if (answer !== '+WPI') settled.set(message.subject, [...(settled.get(message.subject) ?? []), answer]);
      },
    });

    const handled: number[] = [];
    const tries = new Map<number, number>();
    const start = async () => {
      const bus = world.bus({ apis: [ShopApi] });
      bus.shop.order_placed.listenBatch(
        async (events, batch) => {
          const good: number[] = [];
          let whole = false;
          for (const event of events) {
            const { number } = event.parameters;
            const attempt = (tries.get(number) ?? 0) + 1;
            tries.set(number, attempt);
            if (number % 10 === 0) batch.fail(event, new Reject('never'));
            else if (number % 7 === 0 && attempt === 1) batch.fail(event, new Error('not yet'));
            else good.push(number);
            whole ||= number % 41 === 0 && attempt === 1;
          }
          await sleep(5);
          if (whole) throw new Error('the whole batch');
          handled.push(...good);
        },
        {
          listenerName: 'bulk',
          since: 'beginning',
          maxSize: 7,
          maxWait: '50ms',
          concurrency: 3,
          onError: OnError.RETRY,
          backoff: ['20ms'],
          maxAttempts: 1000,
        },
      );
      return bus.client.startWorker();
    };

    const producer = world.bus({ apis: [ShopApi] });
    await Promise.all(oneTo(EVENTS).map((number) => producer.shop.order_placed.fire({ number })));
    for (const share of [0.2, 0.5]) {
      const worker = await start();
      await until('a part is handled', () => handled.length > share * EVENTS);
      await worker.stop();
    }
    await start();
    await world.settled(DURABLE);

    const rejected = oneTo(EVENTS).filter((number) => number % 10 === 0);
    const expected = oneTo(EVENTS).filter((number) => number % 10 !== 0);
    expect([...handled].sort((a, b) => a - b)).to.deep.equal(expected);
    const kept = (await world.deadLetters()).map((letter) => letter.json<{ number: number }>().number);
    expect(kept.sort((a, b) => a - b)).to.deep.equal(rejected);
    expect([...settled].filter(([, answers]) => answers.length > 1)).to.deep.equal([]);
    const acknowledged = [...settled.values()].filter(([answer]) => answer === '+ACK');
    expect(acknowledged).to.have.length(EVENTS);
  });
});
