// A machine whose clock is set forward or back runs nothing twice and loses nothing: leases go by a clock that nobody sets,
// though a leap forward is taken for a sleep of the machine, after which what waited comes again; and ids stay unique.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import sinon from 'sinon';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

const SETTABLE = `--import=${new URL('./support/clock.mjs', import.meta.url).href}`;
const DAY = 86_400_000;

describe('a clock that is set forward and back', function () {
  this.timeout('2m');
  const nats = useNats();

  it('in a worker: what runs and what waits is run once, and nobody else has it meanwhile', async () => {
    await using scene = await openScene(nats);
    const events = scale(4, 16);
    // Longer than the lease, which is long enough for a machine that is busy.
    await scene.fire(Array(events).fill({ does: 'wait 5000' }));
    const listeners = [listener({ concurrency: 2, acknowledgementTimeout: '4s' })];
    const worker = await scene.worker({ listeners, node: SETTABLE });
    await scene.worker({ listeners });
    await scene.ledger.until((entries) => count(entries, 'start', (entry) => entry.process === worker.name) > 0);
    for (let set = 1; set <= 3; set++) {
      worker.process.kill('SIGUSR2');
      await worker.said(`the clock is ${set % 2 === 1 ? 1 : -1} days off`);
      await sleep(100);
    }
    await scene.settled();
    await scene.check();
  });

  it('in a producer: each event has an id of its own, and is stored', async () => {
    await using scene = await openScene(nats);
    const worker = await scene.worker();
    const real = Date.now();
    for (const shift of [0, DAY, -DAY, 0, -1, 30 * DAY]) {
      const clock = sinon.useFakeTimers({ now: real + shift, toFake: ['Date'] });
      try {
        await scene.fire(scale(50, 500));
      } finally {
        clock.restore();
      }
    }
    await scene.settled();
    const { fired } = await scene.check();
    expect(fired).to.equal(6 * scale(50, 500));
    expect(worker.process.exitCode).to.equal(null);
  });
});
