// A worker that is killed while it holds an event leaves pulls behind that nobody answers. Servers before 2.10.14 that find
// nothing but such pulls when that event is due hand the last acknowledged event over again, as if it were new.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { listener, openScene } from './support/scene.js';

const LEASE_MS = 2000;

describe('an event that was acknowledged last, before its worker was killed', function () {
  this.timeout('2m');
  const nats = useNats();

  it('is not run again when what the worker held is due', async () => {
    await using scene = await openScene(nats);
    await scene.fire([{ does: 'once never' }, {}, {}, {}]);
    const listeners = [listener({ concurrency: 2, acknowledgementTimeout: `${LEASE_MS}ms` })];
    const killed = await scene.worker({ listeners });
    await scene.ledger.until((entries) => entries.filter(({ what }) => what === 'end').length === 3);
    await scene.durable((info) => info.num_ack_pending === 1);
    await killed.kill();
    // Nobody else may pull meanwhile, and asking about the durable would mend what this is about.
    await sleep(2 * LEASE_MS);
    await scene.worker({ listeners });
    await scene.settled();
    const { twice } = await scene.check({ twice: [0] });
    expect(twice).to.deep.equal([0]);
  });
});
