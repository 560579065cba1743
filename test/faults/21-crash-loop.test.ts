// A service that one event crashes again and again gives up that event alone: the others, fetched together with it each
// time, are all handled, however often they go down with their process.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { type Job, listener, openScene } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

describe('a crash loop', function () {
  this.timeout('4m');
  const nats = useNats();
  const quick: Job[] = Array(scale(100, 1000)).fill({});

  for (const [how, options] of [
    ['one at a time', {}],
    ['several at a time', { concurrency: 8 }],
    ['by key', { concurrency: 4, orderByN: 5 }],
  ] as const) {
    it(`with many others fetched, ${how}: only the poison is given up`, async () => {
      await using scene = await openScene(nats);
      await scene.fire([...quick, { does: 'die' }, ...quick]);
      const listeners = [listener({ ...options, maxAttempts: 4, acknowledgementTimeout: '1s' })];
      const crashed: RunningWorker[] = [];
      let done = false;
      const settled = scene.settled().then(() => {
        done = true;
      });
      // As a supervisor would: start it again each time.
      while (!done) {
        const worker = await scene.worker({ listeners, wait: false });
        await Promise.race([worker.exit, settled]);
        if (!done) crashed.push(worker);
      }
      const entries = await scene.ledger.entries();
      const letters = await scene.deadLetters();
      const poison = entries.find(({ what, n }) => what === 'fired' && n === quick.length);
      const runs = entries
        .filter(({ what, id }) => what !== 'fired' && letters.some((letter) => letter.id === id))
        .map(({ what, n, attempt, process }) => `${n} ${what} at attempt ${attempt} in ${process}`);
      expect(
        letters.map(({ id }) => id),
        runs.join('; '),
      ).to.deep.equal([poison?.id]);
      expect(letters[0]?.error).to.include('kills its process');
      expect(count(entries, 'start', ({ n }) => n === quick.length)).to.be.above(4);
      await scene.check({ killed: crashed });
    });
  }
});
