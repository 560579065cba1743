import { expect } from 'chai';
import type { Msg, NatsConnection } from 'nats';
import sinon from 'sinon';
import type { Connection } from '../../../lib/broker/jetstream/connection/connection.js';
import { NO_PULL_LIMITS, Pulls } from '../../../lib/broker/jetstream/consuming/pulls.js';
import { recordLog } from '../../support/bus.js';

/** Pulls over a client that only notes what it is told. */
function openPulls({ lease = 60_000, limits = NO_PULL_LIMITS } = {}) {
  const nats = { publish: sinon.spy(), subscribe: sinon.stub().returns({ unsubscribe: sinon.spy() }) };
  const connection = { inboxPrefix: '_INBOX', logger: recordLog(), connected: true } as unknown as Connection;
  const events = { message: sinon.spy(), ended: sinon.spy() };
  const pulls = new Pulls(
    connection,
    events,
    () => lease,
    () => limits,
  );
  return {
    pulls,
    events,
    pull: (count: number) => pulls.pull(nats as unknown as NatsConnection, 'next', count),
    asked: () => nats.publish.args.map(([, body]) => JSON.parse(String(body))),
    /** The server's word on the `n`th pull. */
    ended(n: number, head: string) {
      const [subject, reply] = [nats.publish.args[n]?.[2].reply as string, ''];
      const bytes = Buffer.from(`NATS/1.0 ${head}\r\n\r\n`);
      const size = () => bytes.length + subject.length;
      const message = { subject, reply, data: bytes.subarray(bytes.length), size } as unknown as Msg;
      nats.subscribe.firstCall.args[1].callback(null, message);
    },
  };
}

describe('pulls', () => {
  it('end before anything is due that a process held when it died, and within half a minute', () => {
    const [brief, long] = [openPulls({ lease: 2000 }), openPulls({ lease: 3_600_000 })];
    for (const { pull } of [brief, long]) pull(3);
    expect(brief.asked()).to.deep.equal([{ batch: 3, expires: 1_000_000_000, idle_heartbeat: 333_000_000 }]);
    expect(long.asked()).to.deep.equal([{ batch: 3, expires: 30_000_000_000, idle_heartbeat: 10_000_000_000 }]);
  });

  it('keep to what the durable allows', () => {
    const { pull, pulls, asked } = openPulls({ limits: { maxBatch: 5, maxExpires: 3000 } });
    pull(100);
    expect(asked()).to.deep.equal([{ batch: 5, expires: 3_000_000_000, idle_heartbeat: 1_000_000_000 }]);
    expect(pulls.asked).to.equal(5);
  });

  const ends: [head: string, how: string][] = [
    ['408 Request Timeout', 'expired'],
    ['409 Consumer Deleted', 'gone'],
    ['503', 'gone'],
    ['400 Bad Request - Priority Group missing', 'refused'],
    ['409 Exceeded MaxRequestExpires of 1s', 'refused'],
    ['409 Exceeded MaxWaiting', 'refused'],
    ['409 Consumer is push based', 'refused'],
    ['409 Leadership Change', 'trouble'],
    ['409 Server Shutdown', 'trouble'],
  ];
  for (const [head, how] of ends) {
    it(`tell of ${head} that they are ${how}`, () => {
      const { pull, ended, events } = openPulls();
      pull(1);
      ended(0, head);
      expect(events.ended.firstCall.args).to.deep.equal([how, head.length > 3 ? head : `${head} `]);
    });
  }

  it('are counted by what the server says is still to come of one that ended', () => {
    const { pulls, pull, ended, events } = openPulls();
    pull(10);
    pull(10);
    pulls.delivered();
    ended(0, '408 Request Timeout\r\nNats-Pending-Messages: 4');
    expect(pulls.asked, '19 were to come, and 4 of them will not').to.equal(15);
    expect(events.ended.firstCall.args[0]).to.equal('expired');
    ended(0, '408 Request Timeout\r\nNats-Pending-Messages: 4');
    expect(pulls.asked, 'an end told twice').to.equal(15);
  });

  it('are counted by what the others ask for, where the server does not say', () => {
    const { pulls, pull, ended } = openPulls();
    pull(10);
    pull(3);
    ended(0, '409 Message Size Exceeds MaxBytes');
    expect(pulls.asked).to.equal(3);
  });

  it('are silent only after heartbeats that a busy machine cannot have held up', () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    try {
      const { pulls, pull } = openPulls({ lease: 1000 });
      pull(1);
      clock.tick(9000);
      expect(pulls.silent).to.equal(false);
      clock.tick(2000);
      expect(pulls.silent).to.equal(true);
    } finally {
      clock.restore();
    }
  });
});
