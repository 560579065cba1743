// A durable or stream that somebody removes under a running worker is made again by itself, and everything fired from
// then on is handled. A durable made again may bring what was handled lately a second time, and misses nothing.
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { openScene } from './support/scene.js';

const DURABLE = 'jobs-service--work--added';

describe('under a running worker', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(50, 500);

  it('the durable is deleted, while events wait for it', async () => {
    await using scene = await openScene(nats);
    await scene.fire(Array(events).fill({ does: 'wait 10' }));
    await scene.worker();
    await scene.ledger.until((entries) => count(entries, 'end') >= events / 2);
    await scene.server.manager.consumers.delete(scene.stream, DURABLE);
    await scene.fire(events);
    await scene.ledger.until(
      (entries) => new Set(entries.filter(({ what }) => what === 'end').map(({ n }) => n)).size === 2 * events,
    );
    await scene.settled();
    await scene.check({ twice: 'any' });
  });

  it('the stream is deleted, with everything in it handled', async () => {
    await using scene = await openScene(nats);
    await scene.fire(events);
    await scene.worker();
    await scene.settled();
    await scene.server.manager.streams.delete(scene.stream);
    await scene.fire(events);
    await scene.ledger.until((entries) => count(entries, 'end') === 2 * events);
    await scene.settled();
    await scene.check();
  });

  it('the stream is purged, with events still waiting', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...Array(events).fill({}), { does: 'wait 1000' }, ...Array(events).fill({})]);
    await scene.worker();
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'start' && n === events));
    await scene.server.manager.streams.purge(scene.stream);
    await scene.fire(events);
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'end' && n === 3 * events));
    await scene.settled();
    const purged = Array.from({ length: events }, (_, index) => events + 1 + index);
    await scene.check({ lost: purged });
  });

  it("the stream's limits are lowered below what waits", async () => {
    await using scene = await openScene(nats);
    await scene.fire([{ does: 'wait 1000' }, ...Array(events).fill({})]);
    await scene.worker();
    await scene.ledger.until((entries) => entries.some(({ what }) => what === 'start'));
    await scene.server.manager.streams.update(scene.stream, { max_msgs: 10 });
    await scene.fire(10);
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'end' && n === events + 10));
    await scene.settled();
    // Of the first ones the server has removed all but, for a moment, the last ten.
    await scene.check({ lost: Array.from({ length: events + 1 }, (_, n) => n) });
  });
});
