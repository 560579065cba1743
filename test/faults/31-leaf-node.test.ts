// A leaf node stays up while its hub, which has the streams, is killed and comes back: nobody is disconnected, requests
// and pulls just vanish. Nothing is lost, and nobody needs to be restarted.
import { type LeafNode, startLeafNode } from '../support/leaf-node.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene, type Scene } from './support/scene.js';

describe('a leaf node whose hub restarts', function () {
  this.timeout('4m');
  const events = scale(200, 2000);
  let servers: LeafNode;

  before('start a hub and a leaf node', async () => {
    servers = await startLeafNode('jetstream: disabled');
  });
  after('end them', () => servers?.[Symbol.asyncDispose]());

  /** Producer and workers are connected to the leaf node, the test itself to the hub. */
  const openLeafScene = (): Promise<Scene> =>
    openScene(servers.hub, { producerUrl: servers.leaf.url, config: { nats: { domain: 'hub' } } });

  async function restartHub(how: 'kill' | 'stop'): Promise<void> {
    await servers.hub[how]();
    await servers.hub.restart();
  }

  it('while events are fired and handlers run', async () => {
    await using scene = await openLeafScene();
    await scene.fire(10);
    const listeners = [listener({ concurrency: 4 })];
    await scene.worker({ url: servers.leaf.url, listeners });
    const firing = scene.fire(Array(events).fill({ does: 'wait 10' }), { atOnce: 8 });
    for (const [part, how] of [
      [1, 'kill'],
      [2, 'stop'],
      [3, 'kill'],
    ] as const) {
      await scene.ledger.until((entries) => count(entries, 'end') >= (events * part) / 5);
      await restartHub(how);
    }
    await firing;
    await scene.settled();
    await scene.check({ twice: 'any', overlapping: 'any' });
  });

  it('while the worker is idle', async () => {
    await using scene = await openLeafScene();
    await scene.fire(10);
    await scene.worker({ url: servers.leaf.url });
    await scene.settled();
    await restartHub('kill');
    await scene.fire(events);
    await scene.settled();
    await scene.check({ twice: 'any' });
  });
});
