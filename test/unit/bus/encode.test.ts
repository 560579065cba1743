import { expect } from 'chai';
import { Contracts } from '../../../lib/bus/contracts.js';
import { EventEncoder, encode } from '../../../lib/bus/encode.js';
import { Streams } from '../../../lib/bus/streams.js';
import { systemClock } from '../../../lib/clock.js';
import { resolveConfig } from '../../../lib/config/resolve.js';
import { defineApi } from '../../../lib/definition/api.js';
import { UnknownApi, ValidationError } from '../../../lib/errors.js';
import { Api, Event, Parameter } from '../../../lib/index.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_created = new Event({
    parameters: { username: { type: 'string' }, plan: new Parameter({ type: 'string' }, { default: 'free' }) },
  });
}

function encoder(): EventEncoder {
  const apis = new Map([['auth', defineApi(AuthApi)]]);
  return new EventEncoder({ apis, contracts: new Contracts(apis), streams: new Streams(apis.keys()) });
}
const config = resolveConfig({ packageName: 'auth-service' });

describe('The encoding of an event', () => {
  it('needs no connection, only the configuration', () => {
    const events = encoder();
    const given = { username: 'adam' };
    const event = events.read('auth', 'user_created', [given, { id: 'one' }]);
    given.username = 'eve';
    const wire = encode(systemClock, event, events.prepare(event.source, config), undefined);
    expect(wire.subject).to.equal('lightbus.auth.user_created');
    expect(Buffer.from(wire.body).toString()).to.equal('{"username":"adam","plan":"free"}');
    expect(Buffer.from(wire.headers).toString()).to.include('\r\nce-id: one\r\n');
  });

  it('refuses what is wrong: at once where the configuration is known, else when it is', () => {
    const events = encoder();
    const wrong = [{ username: 7 }] as const;
    const event = events.read('auth', 'user_created', wrong);
    events.prepare(event.source, config);
    expect(() => events.validate(event)).to.throw(ValidationError, 'username must be string');
    expect(() => events.read('auth', 'user_created', wrong)).to.throw(ValidationError, 'username must be string');
    expect(() => events.read('shop', 'user_created', wrong)).to.throw(UnknownApi);
  });

  it('refuses what is too large for the server, or would be as a dead letter', () => {
    const events = encoder();
    const event = events.read('auth', 'user_created', [{ username: 'x'.repeat(100_000) }]);
    const prepared = events.prepare(event.source, config);
    expect(() => encode(systemClock, event, prepared, 100_000)).to.throw(ValidationError, 'is too large');
    expect(encode(systemClock, event, prepared, 200_000).body.length).to.be.greaterThan(100_000);
  });
});
