import { expect } from 'chai';
import type { Since } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('where a listener begins', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  /** Starts a worker whose listener begins there; gives the numbers that it sees. */
  async function watch(since: Since | undefined) {
    const seen: number[] = [];
    const bus = world.bus<typeof ShopApi>();
    bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch', since });
    return { seen, worker: await bus.client.startWorker() };
  }

  async function fire(...numbers: number[]) {
    const bus = world.bus({ apis: [ShopApi], serviceName: 'shop' });
    const messages = [];
    for (const number of numbers) messages.push(await bus.shop.order_placed.fire({ number }));
    return messages;
  }

  it('is with new events, unless told otherwise, and says how many it skips', async () => {
    await fire(1, 2, 3);
    const { seen } = await watch(undefined);
    await fire(4);
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([4]);
    const [warning, ...more] = world.logged('skips', 'warn');
    expect(more).to.deep.equal([]);
    expect(warning?.fields).to.include({ durable: DURABLE, skipped: 3 });
    expect(warning?.message).to.include("since: 'beginning'");
  });

  it('says nothing of skipped events where there are none', async () => {
    const owner = world.bus({ apis: [ShopApi] });
    owner.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    await owner.client.startWorker();
    expect(world.logged('skips')).to.deep.equal([]);
  });

  it("is with the oldest event that there is, with 'beginning'", async () => {
    await fire(1, 2, 3);
    const { seen } = await watch('beginning');
    await fire(4);
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1, 2, 3, 4]);
    expect(world.logged('skips')).to.deep.equal([]);
  });

  it('is with what was stored from a Date on', async () => {
    await fire(1, 2);
    const [, second] = await world.stored(world.stream());
    // Later than the second event by the server's own clock, and earlier than the third.
    const date = new Date((second?.time.getTime() ?? 0) + 1);
    await until('the clock has gone on', () => Date.now() > date.getTime() + 1);
    await fire(3, 4);
    const { seen } = await watch(date);
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([3, 4]);
  });

  it('is at a sequence of the stream', async () => {
    const messages = await fire(1, 2, 3, 4);
    const { seen } = await watch({ sequence: messages[2]?.nativeId.sequence ?? 0 });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([3, 4]);
  });

  it('is decided once, when the durable is made: a restart goes on where the listener was', async () => {
    await fire(1);
    const first = await watch('beginning');
    await world.settled(DURABLE);
    await first.worker.stop();
    await fire(2, 3);
    const second = await watch('new');
    await world.settled(DURABLE);
    expect([first.seen, second.seen]).to.deep.equal([[1], [2, 3]]);
  });

  it('may be before there is any stream: then it misses nothing, and says what it waits for', async () => {
    const { seen } = await watch(undefined);
    await until('it was said', () => world.logged('There is no stream for API "shop" yet', 'info').length > 0);
    await fire(...oneTo(5));
    await until('all have come', () => seen.length === 5);
    await world.settled(DURABLE);
    expect(seen).to.deep.equal(oneTo(5));
    expect(world.logged('', 'error')).to.deep.equal([]);
    expect(world.logged('There is no stream')).to.have.length(1);
  });
});
