// A machine whose clock was set back connects again as soon as its server is there, not when the clock has caught up.
import { expect } from 'chai';
import sinon from 'sinon';
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

const SETTABLE = `--import=${new URL('./support/clock.mjs', import.meta.url).href}`;
const DAY = 86_400_000;

describe('a clock that is set back before the server restarts', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(20, 500);

  it('does not keep a worker from its events', async () => {
    await using scene = await openScene(nats);
    const worker = await scene.worker({ listeners: [listener()], node: SETTABLE });
    await scene.fire(events);
    await scene.settled();
    for (const off of ['1 days off', '-1 days off']) {
      worker.process.kill('SIGUSR2');
      await worker.said(off);
    }
    await nats.restart();
    await scene.fire(events);
    await scene.settled();
    await scene.check();
  });

  it('does not keep a producer from firing', async () => {
    await using scene = await openScene(nats);
    await scene.worker();
    await scene.fire(events);
    // Acknowledgements that are under way are lost with the connection, and their events run again.
    await scene.settled();
    const clock = sinon.useFakeTimers({ now: Date.now() - DAY, toFake: ['Date'] });
    try {
      await nats.restart();
      await scene.fire(events, { timeout: '30s' });
    } finally {
      clock.restore();
    }
    await scene.settled();
    const { fired } = await scene.check();
    expect(fired).to.equal(2 * events);
  });
});
