import { expect } from 'chai';
import type { DurableSpec, StartAt } from '../../../lib/broker/broker.js';
import { DurableManager } from '../../../lib/broker/jetstream/consuming/durable-manager.js';
import type { Provisioner } from '../../../lib/broker/jetstream/provisioning/provision.js';
import { recordLog } from '../../support/bus.js';

const FILTER = 'lightbus.shop.order_placed';

/** A server with one stream and one durable, as far as a durable's care looks at them. */
function openCare(startAt: StartAt = 'new') {
  const server = {
    stream: 'first' as string | undefined,
    durable: undefined as string | undefined,
    floor: 0,
    madeAt: [] as StartAt[],
  };
  const streamInfo = () =>
    server.stream && {
      created: server.stream,
      config: { name: 'lightbus-shop', subjects: [FILTER] },
      state: { messages: 100, first_seq: 1, last_seq: 100 },
    };
  const durableInfo = () =>
    server.durable && {
      created: server.durable,
      config: { ack_wait: 60_000_000_000 },
      ack_floor: { consumer_seq: server.floor, stream_seq: server.floor },
      delivered: { consumer_seq: server.floor + 3, stream_seq: server.floor + 3 },
      num_pending: 100 - server.floor,
      num_ack_pending: 3,
    };
  const provisioner = {
    findStream: async () => streamInfo(),
    streamInfo: async () => streamInfo(),
    durableInfo: async () => durableInfo(),
    lookAgain: async () => {},
    ensureDurable: async (spec: DurableSpec) => {
      const created = server.durable === undefined;
      if (created) {
        server.madeAt.push(spec.startAt);
        server.durable = `made ${server.madeAt.length}`;
      }
      return { info: durableInfo(), created };
    },
  } as unknown as Provisioner;
  const spec = { name: 'durable', filterSubject: FILTER, lease: 60_000, startAt, stream: { owned: false } };
  return { server, care: new DurableManager(spec as DurableSpec, provisioner, recordLog()) };
}

describe('a durable that was deleted', () => {
  it('is made again right behind what was surely handled, by the last word on it', async () => {
    const { server, care } = openCare();
    await care.find({});
    server.floor = 41;
    expect(await care.refresh({})).to.equal(true);
    server.durable = undefined;
    expect(await care.refresh({})).to.equal(false);
    server.floor = 0;
    await care.find({});
    expect(server.madeAt).to.deep.equal(['new', { sequence: 42 }]);
    server.durable = undefined;
    await care.find({});
    expect(server.madeAt[2], 'its own word does not count back').to.deep.equal({ sequence: 42 });
  });

  it('begins at the beginning of a stream that is another', async () => {
    const { server, care } = openCare();
    await care.find({});
    server.floor = 41;
    await care.refresh({});
    Object.assign(server, { stream: 'second', durable: undefined, floor: 0 });
    await care.find({});
    expect(server.madeAt).to.deep.equal(['new', 'beginning']);
  });

  it('begins at the beginning of a stream that was waited for', async () => {
    const { server, care } = openCare();
    server.stream = undefined;
    expect(await care.find({})).to.equal('no-stream');
    server.stream = 'first';
    await care.find({});
    expect(server.madeAt).to.deep.equal(['beginning']);
  });

  it('is not taken for one of the same name that another process made', async () => {
    const { server, care } = openCare();
    await care.find({});
    server.durable = 'by another';
    expect(await care.refresh({})).to.equal(false);
    await care.find({});
    expect(await care.refresh({})).to.equal(true);
    expect(server.madeAt).to.have.lengthOf(1);
  });
});
