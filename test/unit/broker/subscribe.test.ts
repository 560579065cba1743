import { expect } from 'chai';
import type { Msg, NatsConnection } from 'nats';
import sinon from 'sinon';
import { subscribe } from '../../../lib/broker/jetstream/connection/subscribe.js';
import { recordLog } from '../../support/bus.js';

describe('a subscription', () => {
  it('keeps what its handlers throw from the client, and says so', () => {
    const log = recordLog();
    const nats = { subscribe: sinon.spy() };
    const handlers = { message: sinon.stub().throws(new Error('one')), refused: sinon.stub().throws(new Error('two')) };
    subscribe(nats as unknown as NatsConnection, 'a.*', handlers, log);
    const { callback } = nats.subscribe.firstCall.args[1] as { callback: (error: Error | null, message: Msg) => void };

    callback(null, {} as Msg);
    // The client hands over an empty object with an error; no handler may take it for a message.
    callback(new Error('refused'), {} as Msg);
    expect([handlers.message.callCount, handlers.refused.callCount]).to.deep.equal([1, 1]);
    expect(log.entries.map(({ fields }) => (fields.err as Error).message)).to.deep.equal(['one', 'two']);
  });
});
