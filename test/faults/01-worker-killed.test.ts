// A worker that is killed, whatever it is doing, loses no event: what it had not acknowledged goes to another process
// after its lease. Run twice is only what it had begun.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, n) => n);

describe('a worker killed', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(40, 400);

  it('before it pulls: another gets everything, once', async () => {
    await using scene = await openScene(nats);
    await scene.fire(events);
    const killed = await scene.worker({ dieAt: 'start', wait: false });
    await killed.exit;
    await scene.worker();
    await scene.settled();
    await scene.check();
  });

  it('while it holds events that it has not begun: another gets them, once', async () => {
    await using scene = await openScene(nats);
    // Quick at first, so that the worker prefetches; then one that takes forever, with others held behind it.
    await scene.fire([...Array(events).fill({}), { does: 'once never' }, ...Array(20).fill({})]);
    const killed = await scene.worker({ listeners: [listener({ concurrency: 1 })] });
    await scene.ledger.until((entries) => entries.some(({ what, n }) => what === 'start' && n === events));
    // What was handled last may not have been acknowledged when the handler of the next begins.
    await scene.durable(({ ack_floor }) => ack_floor.stream_seq === events);
    await killed.kill();
    await scene.worker();
    await scene.settled();
    await scene.check({ twice: [events] });
  });

  it('while a handler runs: another runs that event again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...Array(events).fill({}), { does: 'once die' }, ...Array(events).fill({})]);
    const killed = await scene.worker();
    await killed.exit;
    await scene.worker();
    await scene.settled();
    // Handlers that do not wait share a turn, and their acknowledgements leave together at its end.
    const { twice } = await scene.check({ twice: upTo(events) });
    expect(twice).to.include(events);
  });

  it('after a handler has ended, before that was acknowledged: what was not acknowledged is run again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...Array(events).fill({}), { does: 'once die-after' }, ...Array(events).fill({})]);
    const killed = await scene.worker();
    await killed.exit;
    await scene.worker();
    await scene.settled();
    const { twice } = await scene.check({ twice: upTo(events) });
    expect(twice).to.include(events);
  });

  it('after the acknowledgement was sent: nothing that was acknowledged is run again', async () => {
    await using scene = await openScene(nats);
    await scene.fire([...Array(events).fill({}), { does: 'once die-acknowledged' }]);
    const killed = await scene.worker();
    await killed.exit;
    await scene.worker();
    await scene.settled();
    await scene.check();
  });
});
