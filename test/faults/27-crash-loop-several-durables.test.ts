// A listener over several durables asks each of them first for one event, so an event that kills its process takes one of
// each other durable along: again and again the same ones. Still it alone is given up.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { type Job, listener, openScene } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

describe('a crash loop of a listener over several durables', function () {
  this.timeout('4m');
  const nats = useNats();

  for (const poisoned of ['added', 'removed'] as const) {
    it(`gives up the poison alone, where it comes by ${poisoned}`, async () => {
      await using scene = await openScene(nats);
      const others: Job[] = ['added' as const, 'removed' as const].flatMap((event) => Array(3).fill({ event }));
      await scene.fire([{ does: 'die', event: poisoned }, ...others]);
      const options = {
        events: ['added', 'removed'] as const,
        maxAttempts: 1,
        acknowledgementTimeout: '500ms',
      } as const;
      const listeners = [listener(options)];
      const crashed: RunningWorker[] = [];
      let done = false;
      const settled = scene.settled().then(() => {
        done = true;
      });
      while (!done) {
        const worker = await scene.worker({ listeners, wait: false });
        await Promise.race([worker.exit, settled]);
        if (!done) crashed.push(worker);
      }
      const [poison] = (await scene.ledger.entries()).filter(({ what, n }) => what === 'fired' && n === 0);
      expect((await scene.deadLetters()).map(({ id }) => id)).to.deep.equal([poison?.id]);
      await scene.check({ killed: crashed, events: ['added', 'removed'] });
    });
  }
});
