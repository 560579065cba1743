// What a process holds behind a slow handler is run once: it is given back in time, or its lease is renewed, and it is
// never run here after another process may have got it.
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('deliveries that wait behind slow handlers', function () {
  this.timeout('3m');
  const nats = useNats();
  const quick = Array(200).fill({});
  const mixed = Array.from({ length: scale(24, 100) }, (_, n) => ({ does: n % 8 === 0 ? 'wait 2500' : '' }));

  it('are run once each by two processes', async () => {
    await using scene = await openScene(nats);
    // Quick ones first, so that both prefetch many.
    await scene.fire([...quick, ...mixed]);
    const listeners = [listener({ acknowledgementTimeout: '1s' })];
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.settled();
    await scene.check();
  });

  it('are run once each when they wait behind their key', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...quick, ...mixed]);
    const listeners = [listener({ acknowledgementTimeout: '1s', concurrency: 4, orderByN: 3 })];
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.settled();
    await scene.check();
  });
});
