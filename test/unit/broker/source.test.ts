import { expect } from 'chai';
import type { Msg } from 'nats';
import sinon from 'sinon';
import type { Delivery, DurableSpec } from '../../../lib/broker/broker.js';
import type { ConnectionListener } from '../../../lib/broker/jetstream/connection/connection.js';
import { ByteBudget } from '../../../lib/broker/jetstream/consuming/byte-budget.js';
import { DurableSource, type SourceOptions } from '../../../lib/broker/jetstream/consuming/source.js';
import { DurableConflict } from '../../../lib/errors.js';
import { recordLog } from '../../support/bus.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A source that is ready, over a client and a provisioner that only do what a test says. */
async function openSource({ version = '2.15.2' } = {}) {
  const found = { stream: 'first', asked: sinon.spy(), wait: Promise.resolve(), look: sinon.stub() };
  const streamInfo = async () => {
    found.asked();
    await found.wait;
    const state = { messages: 9, first_seq: 1, last_seq: 9 };
    return { created: found.stream, config: { name: 'lightbus-shop', subjects: ['filter'] }, state };
  };
  const at = { consumer_seq: 0, stream_seq: 0 };
  const info = { created: 'once', config: {}, ack_floor: at, delivered: at, num_pending: 9, num_ack_pending: 0 };
  const provisioner = {
    findStream: streamInfo,
    ensureDurable: async () => ({ info, created: false }),
    durableInfo: async () => info,
    lookAgain: async () => found.look(),
  };
  const nats = { publish: sinon.spy(), subscribe: sinon.stub(), info: { version } };
  const delivered: Delivery[] = [];
  const push = sinon.stub().returns(true);
  const logger = recordLog();
  const connection = {
    nats,
    logger,
    connected: true,
    inboxPrefix: '_INBOX',
    listen: (listener: ConnectionListener) => {
      setImmediate(() => listener.connected?.(nats as never, true));
      return () => {};
    },
  };
  const parts = {
    connection,
    api: { prefix: '$JS.API' },
    provisioner,
    acks: { push },
    sources: new Set(),
    bytes: new ByteBudget(),
    logger,
  };
  const sink = { deliver: (delivery: Delivery) => void delivered.push(delivery), changed: sinon.spy() };
  const spec = { name: 'durable', filterSubject: 'filter', lease: 60_000, stream: { owned: false } };
  const source = new DurableSource(spec as DurableSpec, sink, parts as unknown as SourceOptions);
  await source.started;
  source.pull(8);
  const receive = (reply: string, data: Buffer, head = '') => {
    const [subject, block] = [String(nats.publish.firstCall.args[2].reply), Buffer.from(head)];
    const body = Buffer.concat([block, data]).subarray(block.length);
    const size = () => subject.length + reply.length + block.length + body.length;
    const message = { subject, reply, data: body, size } as unknown as Msg;
    nats.subscribe.firstCall.args[1].callback(null, message);
  };
  return {
    source,
    sink,
    found,
    push,
    delivered,
    /** The server hands an event over. */
    hand: (sequence: number, deliveries = 1) =>
      receive(
        `$JS.ACK.lightbus-shop.durable.${deliveries}.${sequence}.${sequence}.1700000000000000000.0`,
        Buffer.from('{}'),
      ),
    /** The server hands over the headers of an event alone. */
    handHeaders: () =>
      receive(
        '$JS.ACK.lightbus-shop.durable.1.1.1.1700000000000000000.0',
        Buffer.alloc(0),
        'NATS/1.0\r\nNats-Msg-Size: 2\r\n\r\n',
      ),
    /** The server says that nobody takes pulls any more. */
    gone: () => receive('', Buffer.alloc(0), 'NATS/1.0 503\r\n\r\n'),
  };
}

describe('what was handed over', () => {
  it('is not settled while it is unknown what became of its stream; then, if that is the same', async () => {
    const { source, found, push, delivered, hand, gone } = await openSource();
    hand(1);
    let known = () => {};
    found.wait = new Promise((resolve) => {
      known = resolve;
    });
    gone();
    expect(source.ready).to.equal(false);
    delivered[0]?.ack();
    delivered[0]?.nak(0);
    expect(delivered[0]?.working()).to.equal(false);
    expect(push.callCount).to.equal(0);
    known();
    while (!source.ready) await turn();
    delivered[0]?.ack();
    expect(push.callCount).to.equal(1);
    source.close();
  });

  it('is never settled once its stream is another', async () => {
    const { source, found, push, delivered, hand, gone } = await openSource();
    hand(1);
    found.stream = 'second';
    gone();
    while (!source.ready) await turn();
    delivered[0]?.ack();
    expect(push.callCount).to.equal(0);
    source.close();
  });

  it('as if for the first time, though it was acknowledged, is acknowledged again without a run by older servers alone', async () => {
    for (const [version, runs] of [
      ['2.9.10', 1],
      ['2.15.2', 2],
    ] as const) {
      const { source, push, sink, delivered, hand } = await openSource({ version });
      hand(7);
      delivered[0]?.ack();
      const changes = sink.changed.callCount;
      hand(7);
      expect(delivered).to.have.lengthOf(runs);
      expect(push.callCount).to.equal(3 - runs);
      expect(sink.changed.callCount - changes, 'so that another is asked for').to.equal(2 - runs);
      source.close();
    }
  });

  it('without its body is left alone if the durable is found to hold bodies back, and else taken as it is', async () => {
    for (const [conflict, runs] of [
      [new DurableConflict('has headers_only true'), 0],
      [undefined, 1],
    ] as const) {
      const { source, push, delivered, found, handHeaders } = await openSource();
      if (conflict) found.look.throws(conflict);
      handHeaders();
      while (!found.look.called) await turn();
      await turn();
      expect(delivered).to.have.lengthOf(runs);
      expect(source.ready).to.equal(conflict === undefined);
      expect(push.callCount, 'nothing is settled').to.equal(0);
      source.close();
    }
  });
});
