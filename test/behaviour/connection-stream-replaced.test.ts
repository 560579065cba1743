import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { gate, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('a stream that is deleted and made again while a handler runs', function () {
  this.timeout('60s');
  const nats = useNats();
  const world = useWorld(nats);

  it('has none of its events acknowledged by the end of that handler, though their sequences are the same', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const gates = { old: gate(), new: gate() };
    const begun: string[] = [];
    const ended: string[] = [];
    bus.shop.order_placed.listen(
      async ({ number }) => {
        const name = number === 1 ? 'old' : 'new';
        begun.push(name);
        await gates[name].opened;
        ended.push(name);
      },
      { listenerName: 'watch', concurrency: 2 },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await until('the old event has begun', () => begun.length === 1);

    const server = await world.manager();
    await server.streams.delete(world.stream());
    await until('the durable was made again', () => world.logged('The durable had been deleted').length > 0);
    const { nativeId } = await bus.shop.order_placed.fire({ number: 2 });
    expect(nativeId.sequence).to.equal(1);
    await until('the new event has begun', () => begun.length === 2);

    gates.old.open();
    await until('the old event has ended', () => ended.length === 1);
    // What is fired now reaches the server behind an acknowledgement that was sent before.
    await bus.shop.order_paid.fire({ number: 3 });
    await bus.shop.order_paid.fire({ number: 4 });
    expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);

    gates.new.open();
    await world.settled(DURABLE);
    expect(ended).to.deep.equal(['old', 'new']);
  });
});
