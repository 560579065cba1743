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
  const events = scale(40, 100);

  it('lose none of their events', async () => {
    await using scene = await openScene(nats);
    const listeners = [listener({ batchOf: 7, concurrency: 2, acknowledgementTimeout: '2s' })];
    const start = () => scene.worker({ listeners });
    const living = await Promise.all([start(), start()]);
    const killed: RunningWorker[] = [];
    for (let round = 1; round <= kills; round += 1) {
      // Slow enough that whoever has one is caught at it.
      const firing = scene.fire(Array(events).fill({ does: 'wait 40' }), { atOnce: 4 });
      let victim: RunningWorker | undefined;
      // It has begun more than it has ended: its handler has a batch in hand.
      await scene.ledger.until((entries) => {
        const own = (name: string, what: 'start' | 'end') => count(entries, what, ({ process }) => process === name);
        victim = living.find(({ name }) => own(name, 'start') > own(name, 'end'));
        return victim !== undefined;
      });
      await (victim as unknown as RunningWorker).kill();
      killed.push(victim as unknown as RunningWorker);
      living.splice(living.indexOf(victim as unknown as RunningWorker), 1, await start());
      await firing;
    }
    await scene.settled();
    await scene.check({ killed });
  });
});
