// An event that a listener gives up is acknowledged only when its dead letter is stored. While it cannot be (stream full,
// deleted, forbidden) it stays, is given up again and again, and each time the log says so; the other events go on.
import { expect } from 'chai';
import { OnError } from '../../lib/index.js';
import { startNats, useNats } from '../support/nats.js';
import { listener, openScene, type Scene } from './support/scene.js';
import type { RunningWorker } from './support/worker.js';

const listeners = [listener({ onError: OnError.DEAD_LETTER, backoff: ['200ms'], concurrency: 2 })];
const POISON = { does: 'throw plain' };
const refusals = (worker: RunningWorker) =>
  worker.logged().filter(({ msg }) => msg.includes('could not be kept')).length;

describe('the stream of dead letters', function () {
  this.timeout('2m');
  const nats = useNats();

  it('is full: the event waits until there is room', async () => {
    await using scene = await openScene(nats);
    await scene.fire([POISON]);
    const worker = await scene.worker({ listeners });
    await kept(scene, 1);
    await scene.server.manager.streams.update(`${scene.prefix}_dead_letters`, { max_msgs: 1 });
    await scene.fire([{}, POISON, {}]);
    await until(() => refusals(worker) >= 2);
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'end' && n === 3));
    await scene.server.manager.streams.update(`${scene.prefix}_dead_letters`, { max_msgs: -1 });
    await scene.settled();
    const { twice } = await scene.check({ twice: [2] });
    expect(twice).to.deep.equal([2]);
    expect(await scene.deadLetters()).to.have.lengthOf(2);
  });

  it('is deleted: it is made again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([POISON]);
    await scene.worker({ listeners });
    await kept(scene, 1);
    await scene.settled();
    await scene.check();
    await scene.server.manager.streams.delete(`${scene.prefix}_dead_letters`);
    await scene.fire([{}, POISON, {}]);
    await scene.settled();
    // The first dead letter went with the stream.
    await scene.check({ lost: [0] });
    expect(await scene.deadLetters()).to.have.lengthOf(1);
  });

  it('is forbidden to the service: the event waits for one that may', async () => {
    await using guarded = await startNats({
      config: `authorization { users: [
        { user: some, password: p, permissions: { publish: { deny: ["guarded_dead_letters.>"] } } }
        { user: all, password: p }
      ] }`,
    });
    await using scene = await openScene(guarded, {
      login: { user: 'all', password: 'p' },
      config: { prefix: 'guarded' },
    });
    await scene.fire([{}, POISON, {}]);
    const forbidden = await scene.worker({ listeners, config: { nats: { user: 'some', password: 'p' } } });
    await until(() => refusals(forbidden) >= 2);
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'end' && n === 2));
    expect(await forbidden.stop()).to.equal(0);
    expect(forbidden.err).to.include('does not permit');
    expect(await scene.deadLetters()).to.have.lengthOf(0);
    await scene.worker({ listeners });
    await scene.settled();
    await scene.check({ twice: [1] });
    expect(await scene.deadLetters()).to.have.lengthOf(1);
  });
});

async function kept(scene: Scene, letters: number): Promise<void> {
  await until(async () => (await scene.deadLetters()).length === letters);
}

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 50));
}
