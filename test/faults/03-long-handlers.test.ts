// A handler may take longer than its lease: while its process lives, the lease is renewed, and no other process gets the
// event.
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('handlers three leases long', function () {
  this.timeout('3m');
  const nats = useNats();

  it('are run once each by two processes', async () => {
    await using scene = await openScene(nats);
    const listeners = [listener({ acknowledgementTimeout: '1s', concurrency: 4 })];
    await scene.fire(Array(scale(8, 40)).fill({ does: 'wait 3000' }));
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.settled();
    await scene.check();
  });

  it('are run once each when they are ordered', async () => {
    await using scene = await openScene(nats);
    const listeners = [listener({ acknowledgementTimeout: '1s', ordered: true })];
    await scene.fire(Array(scale(2, 8)).fill({ does: 'wait 3000' }));
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.settled();
    await scene.check();
  });
});
