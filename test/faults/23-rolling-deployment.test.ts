// While two versions of a service run side by side, every event is handled once: those of an event that the new version's
// listener has gained wait for the new version, and neither version minds the other's parameters, or its lease.
import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { FULL, scale } from './support/scale.js';
import { type Job, listener, openScene, type Scene, type WorkerOptions } from './support/scene.js';
import { NewJobsApi } from './support/service/jobs.js';

const OLD: WorkerOptions = { listeners: [listener({ acknowledgementTimeout: '1s', concurrency: 2 })] };
const NEW: WorkerOptions = {
  api: 'new',
  listeners: [listener({ events: ['added', 'removed'], acknowledgementTimeout: '4s', concurrency: 2 })],
};

describe('a rolling deployment', function () {
  this.timeout('3m');
  const nats = useNats();
  const events = scale(100, 1000);
  const both = Array.from({ length: events }, (_, n): Job => ({ does: 'wait 2', event: n % 2 ? 'removed' : 'added' }));

  it('hands every event to a version that listens to it, once, forward, back and forward again', async () => {
    await using scene = await openScene(nats);
    await using producer = newProducer(scene, nats.url);
    let running = await Promise.all([scene.worker(OLD), scene.worker(OLD)]);
    for (const next of [NEW, OLD, NEW]) {
      const done = count(await scene.ledger.entries(), 'end');
      const firing = Promise.all([scene.fire(both, { atOnce: 4 }), producer.fire(events)]);
      await scene.ledger.until((entries) => count(entries, 'end') >= done + events / 4);
      // One process after the other is replaced; the new one is there before the old one goes.
      const replaced = [];
      for (const old of running) {
        replaced.push(await scene.worker(next));
        expect(await old.stop()).to.equal(0);
      }
      running = replaced as typeof running;
      await firing;
    }
    await scene.settled();
    await scene.check({ events: ['added', 'removed'] });
    expect(await scene.deadLetters()).to.deep.equal([]);
  });

  for (const [which, first, second] of [
    ['a longer', OLD, NEW],
    ['a shorter', NEW, OLD],
  ] as const) {
    it(`that asks for ${which} lease runs nothing twice: both keep to the one that the server has`, async () => {
      await using scene = await openScene(nats);
      await scene.fire(Array.from({ length: scale(8, 40) }, (_, n) => ({ does: n % 2 ? 'wait 3000' : '' })));
      const [, recent] = [await scene.worker(first), await scene.worker(second)];
      await scene.settled();
      await scene.check();
      expect(recent.err).to.include("going on with the server's");
    });
  }

  // Half a minute may pass until the workers look at their durable.
  if (FULL) {
    it('whose lease is lowered on the server under running workers runs nothing twice, once they know', async () => {
      await using scene = await openScene(nats);
      const listeners = [listener({ acknowledgementTimeout: '20s' })];
      const workers = [await scene.worker({ listeners }), await scene.worker({ listeners })];
      await scene.server.manager.consumers.update(scene.stream, 'jobs-service--work--added', { ack_wait: 1e9 });
      await Promise.all(workers.map((worker) => worker.said('from 20000 ms to 1000 ms')));
      await scene.fire(Array.from({ length: 12 }, (_, n) => ({ does: n % 2 ? 'wait 3000' : '' })));
      await scene.settled();
      await scene.check();
    });
  }
});

/** A producer of the new version: its events have a parameter that the old one does not know. */
function newProducer(scene: Scene, url: string) {
  const bus = create({
    serviceName: 'new-producer',
    apis: [NewJobsApi],
    config: { prefix: scene.prefix, logLevel: 'silent' },
    nats: { servers: url },
  });
  let fired = 1_000_000;
  return {
    async fire(events: number): Promise<void> {
      for (const end = fired + events; fired < end; ) {
        const n = fired++;
        const { id } = await bus.jobs.added.fire({ n, does: 'wait 2', priority: n });
        scene.ledger.fired({ id, n, event: 'added' });
      }
    },
    [Symbol.asyncDispose]: () => bus.client.close(),
  };
}
