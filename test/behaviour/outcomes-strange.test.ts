import { expect } from 'chai';
import type { Msg } from 'nats';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';

describe('a delivery that no handler may see', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  async function watch(seen: number[]) {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(({ number }) => seen.push(number), { listenerName: 'watch' });
    await bus.client.startWorker();
    return bus;
  }

  const unfit: [string, string][] = [
    ['is not JSON', 'not json'],
    ['is not an object', '[1]'],
    ['reaches for a prototype', '{"number":1,"__proto__":{"admin":true}}'],
    ['lacks a parameter', '{}'],
    ['has a parameter of the wrong type', '{"number":"one"}'],
  ];
  for (const [what, body] of unfit) {
    it(`becomes a dead letter if its body ${what}, and the next event is handled`, async () => {
      const seen: number[] = [];
      const bus = await watch(seen);
      await world.publish('shop.order_placed', body);
      await bus.shop.order_placed.fire({ number: 2 });
      await world.settled(DURABLE);
      expect(seen).to.deep.equal([2]);
      expect((await world.deadLetters()).map((letter) => letter.string())).to.deep.equal([body]);
      const [entry, ...more] = world.logged('', 'error');
      expect(more).to.deep.equal([]);
      expect(entry?.fields).to.include({ listener: 'watch', sequence: 1, eventId: `${world.stream()}:1` });
    });
  }

  it('names the likely cause, once, when a hundred in a row do not fit', async () => {
    const seen: number[] = [];
    const bus = await watch(seen);
    for (const number of oneTo(103)) await world.publish('shop.order_placed', `{"number":"${number}"}`);
    await bus.shop.order_placed.fire({ number: 104 });
    await world.settled(DURABLE);
    expect(seen).to.deep.equal([104]);
    expect(await world.deadLetters()).to.have.length(103);
    expect(world.logged('A hundred events in a row', 'error').map(({ message }) => message)).to.have.length(1);
    expect(world.logged('older than the producers', 'error')).to.have.length(1);
  });

  it('is given back for half a minute, never acknowledged, if somebody changed the filter of the durable', async () => {
    const seen: number[] = [];
    const bus = await watch(seen);
    const acks = await acksTo(DURABLE);
    const filter = { filter_subject: `${world.prefix}.shop.order_paid` };
    await (await world.manager()).consumers.update(world.stream(), DURABLE, filter);
    await bus.shop.order_paid.fire({ number: 1 });
    await until('the foreign event was given back', () => acks.length > 0);
    expect(acks).to.deep.equal(['-NAK {"delay": 30000000000}']);
    expect((await world.durable(DURABLE)).num_ack_pending).to.equal(1);
    expect(world.logged('did not ask for', 'error')).to.have.length(1);
    expect(await world.deadLetters()).to.deep.equal([]);
    expect(seen).to.deep.equal([]);
  });

  it('is refused, and not acknowledged, if its reply subject is not an ack address of this durable', async () => {
    const seen: number[] = [];
    const client = await world.client();
    const inboxes: string[] = [];
    client.subscribe('$JS.API.CONSUMER.MSG.NEXT.>', { callback: (_error, pull) => inboxes.push(pull.reply ?? '') });
    const answers: Msg[] = [];
    // Servers take no `$JS.ACK` reply from clients, so the harmful ones are others.
    const replies = ['victim.orders.delete', `$JS.API.STREAM.PURGE.${world.stream()}`];
    for (const reply of replies) client.subscribe(reply, { callback: (_error, message) => answers.push(message) });
    await client.flush();
    const bus = await watch(seen);
    await until('the worker has pulled', () => inboxes.length > 0);
    for (const reply of replies) client.publish(inboxes[0] ?? '', '{"number":666}', { reply });
    await until('all were refused', () => world.logged('Refused a message', 'error').length === replies.length);
    await bus.shop.order_placed.fire({ number: 1 });
    await world.settled(DURABLE);
    await client.flush();
    expect(seen).to.deep.equal([1]);
    expect(answers).to.deep.equal([]);
  });

  /** What is sent to the ack addresses of a durable from now on. */
  async function acksTo(durable: string): Promise<string[]> {
    const client = await world.client();
    const acks: string[] = [];
    client.subscribe(`$JS.ACK.${world.stream()}.${durable}.>`, {
      callback: (_error, message) => acks.push(message.string()),
    });
    await client.flush();
    return acks;
  }
});
