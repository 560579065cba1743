// A handler that blocks the event loop for longer than the lease is named in the log, with the remedy. Its own event may
// run twice, and so may those whose acknowledgement it kept from leaving; what waited behind it is not run here any more.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('an event loop blocked for two leases', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(40, 400);

  it('runs nothing that another process may have got meanwhile', async () => {
    await using scene = await openScene(nats);
    await scene.fire([
      ...Array(events).fill({}),
      { does: 'once block 2500' },
      ...Array(events).fill({ does: 'wait 5' }),
    ]);
    const listeners = [listener({ acknowledgementTimeout: '1s' })];
    const blocked = await scene.worker({ listeners });
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'start' && n === events));
    await scene.worker({ listeners });
    await blocked.said('blocked the event loop');
    await scene.fire(events);
    await scene.settled();
    const upToBlocking = Array.from({ length: events + 1 }, (_, n) => n);
    await scene.check({ twice: upToBlocking, overlapping: [events] });
    const warnings = blocked.logged().filter(({ msg }) => msg.includes('blocked the event loop'));
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include({ level: 'warn', listener: 'work' });
    expect(warnings[0]?.msg).to.include('thread').and.to.include('acknowledgementTimeout');
  });
});
