// An event that cannot be handled, whatever its handler does to its process, ends as a dead letter with its reason; the
// good events around it are all handled.
import { expect } from 'chai';
import { OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { type Job, listener, openScene, type WorkerOptions } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

/** What the handler throws, and what the dead letter says. */
const THROWN: readonly (readonly [does: string, reason: RegExp])[] = [
  ['throw plain', /^it failed$/],
  ['throw lines', /^it failed/],
  ['throw large', /^x{100,}…$/],
  ['throw text', /no error object/],
  ['throw undefined', /undefined/],
  ['throw getter', /./],
  ['throw reject', /^not wanted$/],
  ['rejects undefined', /undefined/],
  ['rejects text', /no error object/],
];

describe('poison', function () {
  this.timeout('3m');
  const nats = useNats();
  const good: Job[] = Array(scale(20, 200)).fill({});

  it('that throws is kept with what it threw', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...good, ...THROWN.flatMap(([does]) => [{ does }, {}]), ...good]);
    const worker = await scene.worker({ listeners: [listener({ onError: OnError.DEAD_LETTER, concurrency: 4 })] });
    await scene.settled();
    await scene.check();
    const letters = new Map((await scene.deadLetters()).map((letter) => [letter.id, letter.error]));
    const entries = await scene.ledger.entries();
    for (const [index, [does, reason]] of THROWN.entries()) {
      const id = entries.find(({ what, n }) => what === 'fired' && n === good.length + 2 * index)?.id ?? '';
      expect(letters.get(id), does).to.match(reason);
    }
    expect(letters.size).to.equal(THROWN.length);
    expect(await worker.stop()).to.equal(0);
  });

  it('that throws under SHUTDOWN stops workers until its attempts are used up', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...good, { does: 'throw plain' }, ...good]);
    const listeners = [listener({ maxAttempts: 2, acknowledgementTimeout: '1s' })];
    const first = await scene.worker({ listeners });
    expect(await first.exit).to.equal(1);
    await scene.worker({ listeners });
    await scene.settled();
    const { twice } = await scene.check({ twice: [good.length] });
    expect(twice).to.deep.equal([good.length]);
  });

  it('that never ends is kept after its handlerTimeout', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...good, { does: 'never' }, ...good]);
    await scene.worker({
      listeners: [listener({ handlerTimeout: '500ms', onError: OnError.RETRY, maxAttempts: 2, backoff: ['100ms'] })],
    });
    await scene.settled();
    await scene.check({ twice: [good.length] });
    const [letter] = await scene.deadLetters();
    expect(letter?.error).to.include('handlerTimeout');
    expect(letter?.attempts).to.equal(2);
  });

  it('that kills its process is given up; of the others only what had begun with it is run again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...good, { does: 'die' }, ...good]);
    const killed = await untilGivenUp(scene, {
      listeners: [listener({ maxAttempts: 1, acknowledgementTimeout: '1s' })],
    });
    await scene.check({ killed });
    const letters = await scene.deadLetters();
    expect(letters.map(({ error }) => error).join()).to.include('kills its process');
  });

  it('that exhausts the memory is given up', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...good, { does: 'exhaust' }, ...good]);
    const killed = await untilGivenUp(scene, {
      // Ordered, so that nothing is prefetched: what is counted along with the poison is another fault.
      listeners: [listener({ maxAttempts: 1, acknowledgementTimeout: '1s', ordered: true })],
      node: '--max-old-space-size=48',
    });
    await scene.check({ killed });
    expect(await scene.deadLetters()).to.have.lengthOf(1);
  });

  /** Starts one worker after another, as a supervisor would, until one of them stays. Gives those that died. */
  async function untilGivenUp(
    scene: Awaited<ReturnType<typeof openScene>>,
    options: WorkerOptions,
  ): Promise<RunningWorker[]> {
    const died: RunningWorker[] = [];
    const settled = scene.settled().then(() => undefined);
    for (;;) {
      const worker = await scene.worker({ ...options, wait: false });
      const how = await Promise.race([settled, worker.exit.then(() => 'died')]);
      if (how === undefined) return died;
      died.push(worker);
    }
  }
});
