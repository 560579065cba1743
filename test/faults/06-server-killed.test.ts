// A server that is killed and comes back, whatever is under way, loses no confirmed event and nobody needs to be
// restarted. What was acknowledged just before may run again: one server alone has not written everything down by then.
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('a server killed and started again', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(200, 2000);

  async function killAndRestart(): Promise<void> {
    await nats.kill();
    await nats.restart();
  }

  it('before the worker has started: it waits for the server', async () => {
    await using scene = await openScene(nats);
    await scene.fire(events);
    await nats.kill();
    const worker = await scene.worker({ wait: false });
    await worker.said('No connection to NATS');
    await nats.restart();
    await scene.settled();
    await scene.check();
  });

  it('while the worker is idle', async () => {
    await using scene = await openScene(nats);
    await scene.fire(events);
    await scene.worker();
    await scene.settled();
    await killAndRestart();
    await scene.fire(events);
    await scene.settled();
    await scene.check({ twice: 'any' });
  });

  it('while events are fired: fire waits and sends them again with the same id', async () => {
    await using scene = await openScene(nats);
    await scene.fire(1);
    const firing = scene.fire(events * 5, { atOnce: 16 });
    await killAndRestart();
    await firing;
    await scene.worker();
    await scene.settled();
    await scene.check({ twice: 'any' });
  });

  it('while handlers run and others wait', async () => {
    await using scene = await openScene(nats);
    await scene.fire(Array(events).fill({ does: 'wait 10' }));
    await scene.worker({ listeners: [listener({ concurrency: 4 })] });
    for (const part of [1, 2, 3]) {
      await scene.ledger.until((entries) => count(entries, 'end') >= (events * part) / 5);
      await killAndRestart();
    }
    await scene.settled();
    await scene.check({ twice: 'any', overlapping: 'any' });
  });

  it('while it is down for longer than the lease, with a handler running', async () => {
    await using scene = await openScene(nats);
    await scene.fire([{ does: 'wait 3000' }, ...Array(events).fill({})]);
    await scene.worker({ listeners: [listener({ acknowledgementTimeout: '1s' })] });
    await scene.ledger.until((entries) => count(entries, 'start') > 0);
    await nats.kill();
    await scene.ledger.until((entries) => count(entries, 'end', ({ n }) => n === 0) > 0);
    await nats.restart();
    await scene.settled();
    await scene.check({ twice: 'any' });
  });
});
