// While a cluster has a majority, whatever happens to its leaders and nodes costs time and nothing else: every event is
// stored once, and handled; run twice only if its acknowledgement was on its way to a node that stopped leading.
import { useCluster } from './support/cluster.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('a cluster of three', function () {
  this.timeout('4m');
  const cluster = useCluster();
  const events = scale(300, 3000);
  const listeners = [listener({ concurrency: 8, acknowledgementTimeout: '5s' })];
  const work = Array(events).fill({ does: 'wait 5' });

  it('whose leaders step down, of the stream and of the durable', async () => {
    await using scene = await openScene(cluster);
    await scene.fire(10);
    await scene.worker({ listeners });
    const firing = scene.fire(work, { atOnce: 8 });
    await cluster.stepDown(scene.stream, 'jobs-service--work--added');
    await cluster.stepDown(scene.stream);
    await firing;
    await scene.settled();
    await scene.check({ twice: 'any' });
  });

  it('whose leading node is killed, and comes back', async () => {
    await using scene = await openScene(cluster);
    await scene.fire(10);
    await scene.worker({ listeners });
    const firing = scene.fire(work, { atOnce: 8 });
    const leader = await cluster.leader(scene.stream);
    await leader.kill();
    await firing;
    await leader.restart();
    await scene.settled();
    await cluster.whole(scene.stream);
    await scene.check({ twice: 'any' });
  });

  it('whose nodes are restarted, one after the other', async () => {
    await using scene = await openScene(cluster);
    await scene.fire(10);
    await scene.worker({ listeners });
    for (const node of cluster.nodes) {
      const firing = scene.fire(work.slice(0, events / 3), { atOnce: 8 });
      await node.restart();
      await cluster.whole(scene.stream);
      await firing;
    }
    await scene.settled();
    await scene.check({ twice: 'any' });
  });
});
