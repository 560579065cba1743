// A worker that is asked to stop finishes what runs, gives back what it has not begun, and exits with 0; another process
// has what was given back at once, not after the lease. Asked twice, it stops at once, with 1.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

// So long that what hangs on it does not come within this test's time.
const LONG_LEASE = [listener({ acknowledgementTimeout: '1h', concurrency: 2 })];

describe('SIGTERM', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(200, 2000);

  it('while idle: exits with 0, and has kept nothing', async () => {
    await using scene = await openScene(nats);
    await scene.fire(events);
    const worker = await scene.worker({ listeners: LONG_LEASE });
    await scene.settled();
    expect(await worker.stop()).to.equal(0);
    await scene.fire(events);
    await scene.worker({ listeners: LONG_LEASE });
    await scene.settled();
    await scene.check();
  });

  it('while handlers run: lets them end, and gives back the rest', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...Array(events).fill({}), ...Array(8).fill({ does: 'wait 1000' }), ...Array(events).fill({})]);
    const worker = await scene.worker({ listeners: LONG_LEASE });
    await scene.ledger.until((entries) => count(entries, 'start', ({ n }) => n >= events) >= 2);
    expect(await worker.stop()).to.equal(0);
    const left = await scene.ledger.entries();
    expect(count(left, 'end')).to.equal(count(left, 'start'));
    await scene.worker({ listeners: LONG_LEASE });
    await scene.settled();
    await scene.check();
  });

  it('while a handler runs that does not end: aborts it after shutdownTimeout, and another process has it', async () => {
    await using scene = await openScene(nats);
    await scene.fire([{ does: 'once never' }, ...Array(events).fill({})]);
    const listeners = [listener({ acknowledgementTimeout: '2s' })];
    const worker = await scene.worker({ listeners, config: { shutdownTimeout: '500ms' } });
    await scene.ledger.until((entries) => count(entries, 'start') > 0);
    expect(await worker.stop()).to.equal(0);
    await scene.worker({ listeners });
    await scene.settled();
    await scene.check({ killed: [worker] });
  });

  it('twice: exits at once, with 1, and what ran comes again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([{ does: 'once never' }, ...Array(events).fill({})]);
    const worker = await scene.worker();
    await scene.ledger.until((entries) => count(entries, 'start') > 0);
    worker.process.kill('SIGTERM');
    await worker.said('again to stop at once');
    expect(await worker.stop()).to.equal(1);
    await scene.worker();
    await scene.settled();
    await scene.check({ killed: [worker] });
  });

  it('of one of three under load: nothing is run twice, and nothing comes late', async () => {
    await using scene = await openScene(nats);
    const workers = await Promise.all([1, 2, 3].map(() => scene.worker({ listeners: LONG_LEASE })));
    const firing = scene.fire(Array(events * 2).fill({ does: 'wait 5' }), { atOnce: 32 });
    await scene.ledger.until((entries) => count(entries, 'start') > events / 2);
    expect(await workers[0]?.stop()).to.equal(0);
    await firing;
    await scene.settled();
    await scene.check();
  });
});
