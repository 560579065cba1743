// Fifty events are all handled though a fifth of the workers is killed again and again; run twice is only what a killed
// worker had begun.

import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

const EVENTS = 50;
const WORKERS = 5;

describe('a fifth of the workers killed again and again', function () {
  this.timeout('3m');
  const nats = useNats();
  const kills = scale(4, 20);

  it('loses none of fifty events', async () => {
    await using scene = await openScene(nats);
    const start = () => scene.worker({ listeners: [listener({ acknowledgementTimeout: '1s' })] });
    const living = await Promise.all(Array.from({ length: WORKERS }, start));
    const killed: RunningWorker[] = [];
    const firing = scene.fire(Array(EVENTS).fill({ does: 'wait 100' }), { atOnce: 1 });
    for (let round = 1; round <= kills; round += 1) {
      const progress = Math.floor((round * EVENTS) / (kills + 1));
      await scene.ledger.until((entries) => count(entries, 'start') >= progress);
      const victim = living.shift() as RunningWorker;
      await victim.kill();
      killed.push(victim);
      living.push(await start());
    }
    await firing;
    await scene.settled();
    await scene.check({ killed });
  });
});
