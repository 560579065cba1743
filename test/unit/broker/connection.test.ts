import { expect } from 'chai';
import sinon from 'sinon';
import { Connection } from '../../../lib/broker/jetstream/connection/connection.js';
import { Dialer, type DialOptions } from '../../../lib/broker/jetstream/connection/dialer.js';
import { errorOf, recordLog } from '../../support/bus.js';

describe('a connection that there is none of', () => {
  it('is tried for while somebody waits, and no longer: the process can end', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const dial = sinon.stub(Dialer.prototype, 'dial').rejects(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
    try {
      const options = { nats: { servers: ['nats://127.0.0.1:4'] }, name: 'test', logger: recordLog() };
      const connection = new Connection(options as unknown as DialOptions);
      const waiting = errorOf(() => connection.ready({ deadline: performance.now() + 10_000 }));
      await clock.tickAsync(9000);
      expect(dial.callCount).to.be.within(3, 10);
      await clock.tickAsync(1000);
      expect((await waiting).message).to.include('No connection to NATS');
      await clock.tickAsync(3000);
      const before = dial.callCount;
      await clock.tickAsync(60_000);
      expect(dial.callCount).to.equal(before);
      expect(clock.countTimers(), 'timers that keep the process').to.equal(0);
    } finally {
      dial.restore();
      clock.restore();
    }
  });
});
