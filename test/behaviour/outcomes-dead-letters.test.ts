import { expect } from 'chai';
import { DiscardPolicy } from 'nats';
import { OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('what is given up', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  it('is kept as a dead letter: body untouched, with who, why and how often', async () => {
    const bus = world.bus({ apis: [ShopApi], processName: 'process-7' });
    bus.shop.order_placed.listen(
      () => {
        throw new RangeError('no price:\r\nnot in the "list" of today, 100 %');
      },
      { listenerName: 'watch', onError: OnError.DEAD_LETTER },
    );
    await bus.client.startWorker();
    const fired = await bus.shop.order_placed.fire({ number: 7 }, { id: 'order 7' });
    await world.settled(DURABLE);
    const [letter, ...more] = await world.deadLetters();
    expect(more).to.deep.equal([]);
    expect(letter?.subject).to.equal(`${world.prefix}_dead_letters.other-service.watch.shop.order_placed`);
    expect(letter?.string()).to.equal('{"number":7}');
    const header = (name: string) => decodeURIComponent(letter?.header.get(name) ?? '');
    expect(header('ce-id')).to.equal('order 7');
    expect(header('lightbus-error-name')).to.equal('RangeError');
    expect(header('lightbus-error-message')).to.equal('no price:\r\nnot in the "list" of today, 100 %');
    expect(header('lightbus-error-stack')).to.include('RangeError: no price').and.include('outcomes-dead-letters');
    expect(header('lightbus-attempts')).to.equal('1');
    expect(header('lightbus-process')).to.equal('process-7');
    expect(header('lightbus-stream')).to.equal(world.stream());
    expect(header('lightbus-sequence')).to.equal(String(fired.nativeId.sequence));
    expect(world.logged('Gave an event up; it is kept as a dead letter', 'error')[0]?.fields.eventId).to.equal(
      'order 7',
    );
  });

  it('does not keep the listener from what follows', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const seen: number[] = [];
    bus.shop.order_placed.listen(
      ({ number }) => {
        seen.push(number);
        if (number === 1) throw undefined;
      },
      { listenerName: 'watch', onError: OnError.DEAD_LETTER },
    );
    await bus.client.startWorker();
    for (const number of [1, 2]) await bus.shop.order_placed.fire({ number });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([1, 2]);
    expect(await world.deadLetters()).to.have.length(1);
  });

  it('stays unacknowledged while it cannot be stored, and is stored once it can', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const { streams } = await world.manager();
    const name = `${world.prefix}_dead_letters`;
    await streams.add({ name, subjects: [`${name}.>`], discard: DiscardPolicy.New, max_msgs: 1 });
    await (await world.client()).jetstream().publish(`${name}.full`, 'full');
    bus.shop.order_placed.listen(
      () => {
        throw new Error('never');
      },
      { listenerName: 'watch', onError: OnError.DEAD_LETTER, backoff: ['100ms'] },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await until(
      'three failures were logged',
      () => world.logged('could not be kept as a dead letter; it stays unacknowledged', 'error').length >= 3,
    );
    expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
    await streams.update(name, { max_msgs: -1 });
    await world.settled(DURABLE);
    expect((await world.deadLetters()).map((letter) => letter.string())).to.deep.equal(['full', '{"number":1}']);
  });
});
