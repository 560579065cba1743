// Workers that are killed in the middle of batches lose nothing, whether a batch had begun or was being filled;
// run twice is only what a killed worker had begun.
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

describe('workers killed during batches', function () {
  this.timeout('3m');
  const nats = useNats();
  const kills = scale(2, 20);
  const events = scale(80, 1000);

  it('lose none of their events', async () => {
    await using scene = await openScene(nats);
    const listeners = [listener({ batchOf: 7, concurrency: 2, acknowledgementTimeout: '2s' })];
    const start = () => scene.worker({ listeners });
    const living = await Promise.all([start(), start()]);
    const killed: RunningWorker[] = [];
    const firing = scene.fire(
      Array.from({ length: events }, (_, n) => ({ does: `wait ${10 * (n % 7)}` })),
      { atOnce: 4 },
    );
    for (let round = 1; round <= kills; round += 1) {
      const victim = living.shift() as RunningWorker;
      const progress = Math.floor((round * events) / (kills + 2));
      // It has begun more than it has ended: its handler has a batch in hand.
      await scene.ledger.until((entries) => {
        const own = (what: 'start' | 'end') => count(entries, what, ({ process }) => process === victim.name);
        return count(entries, 'start') >= progress && own('start') > own('end');
      });
      await victim.kill();
      killed.push(victim);
      living.push(await start());
    }
    await firing;
    await scene.settled();
    await scene.check({ killed });
  });
});
