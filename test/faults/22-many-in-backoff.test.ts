// Events that wait for another attempt, a thousand of them, do not stop the others, and come to their end too.
import { expect } from 'chai';
import { OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { type Job, listener, openScene } from './support/scene.js';

const MANY = 1000;

describe('a thousand events in backoff', function () {
  this.timeout('3m');
  const nats = useNats();
  const failing: Job[] = Array(MANY).fill({ does: 'once throw plain' });
  const good: Job[] = Array(200).fill({});

  for (const [how, options] of [
    ['held by the server', {}],
    ['held in their process, by key', { orderByN: 2 * MANY, concurrency: 4 }],
  ] as const) {
    it(`${how}: the others are handled meanwhile`, async () => {
      await using scene = await openScene(nats);
      await scene.fire(failing);
      const listeners = [
        listener({ ...options, onError: OnError.RETRY, backoff: ['20s'], acknowledgementTimeout: '2s' }),
      ];
      await scene.worker({ listeners });
      await scene.ledger.until((entries) => count(entries, 'failed') === MANY);
      await scene.fire(good);
      const entries = await scene.ledger.until((all) => count(all, 'end', ({ n }) => n >= MANY) === good.length);
      expect(
        count(entries, 'end', ({ n }) => n < MANY),
        'retried before the others were done',
      ).to.equal(0);
      await scene.settled();
      const { twice } = await scene.check({ twice: 'any' });
      expect(twice).to.have.length(MANY);
      expect(await scene.deadLetters()).to.deep.equal([]);
    });
  }
});
