import { expect } from 'chai';
import { Api, create, Event } from '../../lib/index.js';
import { AuthApi, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

describe('an event on the wire', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  it('has these bytes and no others', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const { id } = await bus.auth.user_created.fire({ username: 'adam', email: 'zoë@example.com' });
    const stored = await plain.stored('lightbus-auth', 1);

    const [, time = ''] = /\r\nce-time: (.*)\r\n/.exec(stored.headers) ?? [];
    expect(stored.subject).to.equal('lightbus.auth.user_created');
    expect(stored.headers).to.equal(
      'NATS/1.0\r\n' +
        'ce-specversion: 1.0\r\n' +
        'ce-source: /test-service\r\n' +
        'ce-type: auth.user_created\r\n' +
        'ce-apiversion: 1\r\n' +
        'content-type: application/json\r\n' +
        `Nats-Msg-Id: user_created:${id}\r\n` +
        `ce-id: ${id}\r\n` +
        `ce-time: ${time}\r\n` +
        '\r\n',
    );
    expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(stored.body).to.deep.equal(Buffer.from('{"username":"adam","email":"zoë@example.com"}', 'utf8'));
  });

  it('has the dotted name of its API in subject and type', async () => {
    class CompanyApi extends Api {
      static meta = { name: 'my_company.auth', version: 12 } as const;
      user_registered = new Event({ parameters: 'username' });
    }
    await using bus = create({ ...settings(nats.url), apis: [CompanyApi] });
    await bus.my_company.auth.user_registered.fire({ username: 'adam' });
    const { subject, headers } = await plain.stored('lightbus-my_company-auth', 1);

    expect(subject).to.equal('lightbus.my_company.auth.user_registered');
    expect(headers).to.include('\r\nce-type: my_company.auth.user_registered\r\nce-apiversion: 12\r\n');
  });

  it('percent-encodes an id as CloudEvents asks, for deduplication and for readers alike', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire({}, { id: 'Zoë: 100% "ok" 🚌' });
    const { headers } = await plain.stored('lightbus-auth', 1);

    const encoded = 'Zo%C3%AB:%20100%25%20%22ok%22%20%F0%9F%9A%8C';
    expect(headers).to.include(`\r\nNats-Msg-Id: heartbeat:${encoded}\r\nce-id: ${encoded}\r\n`);
  });

  it('makes a stream that captures the API and keeps all', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    const { config } = await plain.manager.streams.info('lightbus-auth');

    expect(config).to.deep.include({
      subjects: ['lightbus.auth.*'],
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      num_replicas: 1,
      max_age: 0,
      max_msgs: -1,
      max_bytes: -1,
      duplicate_window: 120_000_000_000,
    });
  });
});
