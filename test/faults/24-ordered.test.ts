// An `ordered` listener handles its events strictly one after another over all its processes, whatever happens to one of
// them, to the server, a connection or the durable: no event begins before the one ahead of it has ended.
import { expect } from 'chai';
import { OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { openProxy } from './support/proxy.js';
import { scale } from './support/scale.js';
import { type Job, listener, openScene, type Scene, type WorkerOptions } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

describe('an ordered listener in two processes', function () {
  this.timeout('3m');
  const nats = useNats();
  const events = scale(100, 1000);
  const work: Job[] = Array(events).fill({ does: 'wait 5' });
  const listeners = [
    listener({ ordered: true, onError: OnError.RETRY, backoff: ['200ms'], acknowledgementTimeout: '1s' }),
  ];

  /** The same work, with these jobs at so many places in it. */
  function sprinkled(does: string, places: number): { jobs: Job[]; at: number[] } {
    const at = Array.from({ length: places }, (_, index) => Math.floor((events * (index + 1)) / (places + 1)));
    return { jobs: work.map((job, n) => (at.includes(n) ? { does } : job)), at };
  }

  it('waits for one that is tried again', async () => {
    await using scene = await openScene(nats);
    const { jobs, at } = sprinkled('once throw plain', scale(4, 40));
    await scene.fire(jobs);
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.settled();
    const { twice } = await scene.check({ twice: at });
    expect(twice).to.deep.equal(at);
    await checkOrder(scene);
  });

  it('waits for one whose process was killed', async () => {
    await using scene = await openScene(nats);
    const { jobs, at } = sprinkled('once die', scale(3, 20));
    await scene.fire(jobs);
    const killed = await keepTwoUntilSettled(scene, { listeners });
    const { twice } = await scene.check({ killed });
    expect(twice).to.deep.equal(at);
    await checkOrder(scene);
  });

  it('goes on in order when one process is asked to stop', async () => {
    await using scene = await openScene(nats);
    await scene.fire(work);
    const [first] = await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.ledger.until((entries) => count(entries, 'start') > events / 4);
    expect(await first.stop()).to.equal(0);
    await scene.settled();
    await scene.check();
    await checkOrder(scene);
  });

  it('goes on in order when the server is killed and comes back', async () => {
    await using scene = await openScene(nats);
    await scene.fire(work);
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    for (const part of [1, 2]) {
      await scene.ledger.until((entries) => count(entries, 'end') >= (events * part) / 3);
      await nats.kill();
      await nats.restart();
    }
    await scene.settled();
    // What was acknowledged to the server just before comes again, and what runs may be handed over beside itself.
    await scene.check({ twice: 'any', overlapping: 'any' });
    await checkOrder(scene, { again: true });
  });

  it('goes on in order when a connection is cut again and again', async () => {
    await using proxy = await openProxy(nats);
    await using scene = await openScene(nats);
    await scene.fire(work);
    await Promise.all([scene.worker({ listeners, url: proxy.url }), scene.worker({ listeners })]);
    for (const part of [1, 2, 3]) {
      await scene.ledger.until((entries) => count(entries, 'end') >= (events * part) / 4);
      proxy.cut();
    }
    await scene.settled();
    // An acknowledgement may have been on its way.
    await scene.check({ twice: 'any' });
    await checkOrder(scene);
  });

  it('goes on in order when its durable is deleted', async () => {
    await using scene = await openScene(nats);
    await scene.fire(work);
    await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
    await scene.ledger.until((entries) => count(entries, 'end') >= events / 2);
    await scene.server.manager.consumers.delete(scene.stream, 'jobs-service--work--added');
    await scene.ledger.until((entries) => count(entries, 'end', ({ n }) => n === events - 1) > 0);
    await scene.settled();
    // The durable made again begins where the last one was last known to be.
    await scene.check({ twice: 'any', overlapping: 'any' });
    await checkOrder(scene, { again: true });
  });
});

/**
 * Asserts that no event began before the one ahead of it had ended.
 *
 * @param options `again`: the listener may have been set back
 */
async function checkOrder(scene: Scene, { again = false } = {}): Promise<void> {
  const entries = (await scene.ledger.entries()).sort((a, b) => a.at - b.at);
  const ended = new Set<number>();
  let last = -1;
  const wrong: string[] = [];
  for (const { what, n, process } of entries) {
    if (what === 'end') ended.add(n);
    if (what !== 'start') continue;
    if (n > 0 && !ended.has(n - 1)) wrong.push(`${n} began in ${process} before ${n - 1} had ended`);
    // On the way again, what a process remembers to have acknowledged last is not run twice.
    if (!again && n !== last && n !== last + 1) wrong.push(`${n} began in ${process} after ${last}`);
    last = n;
  }
  expect(wrong).to.deep.equal([]);
}

/** Keeps two processes running, as a supervisor would, until everything is handled. Gives those that died. */
async function keepTwoUntilSettled(scene: Scene, options: WorkerOptions): Promise<RunningWorker[]> {
  const died: RunningWorker[] = [];
  let over = false;
  const settled = scene.settled().then(() => {
    over = true;
  });
  const keepOne = async () => {
    while (!over) {
      const worker = await scene.worker({ ...options, wait: false });
      await Promise.race([settled, worker.exit]);
      if (!over) died.push(worker);
    }
  };
  await Promise.all([keepOne(), keepOne()]);
  return died;
}
