import { expect } from 'chai';
import { validate as isUuid, version as uuidVersion } from 'uuid';
import { Api, create, Event, EventNotFound, InvalidEventArguments, InvalidName, UnknownApi } from '../../lib/index.js';
import { AuthApi, errorOf, handleOf, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

const ADAM = { username: 'adam', email: 'adam@example.com' };

describe('firing', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  it('resolves with the message once JetStream has stored the event', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const message = await bus.auth.user_created.fire(ADAM);

    expect(message).to.deep.include({
      apiName: 'auth',
      eventName: 'user_created',
      version: 1,
      parameters: ADAM,
      nativeId: { stream: 'lightbus-auth', sequence: 1 },
      duplicate: false,
    });
    const stored = await plain.stored('lightbus-auth', 1);
    expect(stored.subject).to.equal('lightbus.auth.user_created');
    expect(JSON.parse(stored.body.toString())).to.deep.equal(ADAM);
  });

  it('gives every event a UUIDv7 of its own, later ones greater', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const { id } = await bus.auth.user_created.fire(ADAM);
    const { id: next } = await bus.auth.user_created.fire(ADAM);

    expect(isUuid(id)).to.equal(true);
    expect(uuidVersion(id)).to.equal(7);
    expect(next > id).to.equal(true);
  });

  it('carries the version of the API', async () => {
    class OrdersApi extends Api {
      static meta = { name: 'orders', version: 3 } as const;
      order_placed = new Event({ parameters: 'number' });
    }
    await using bus = create({ ...settings(nats.url), apis: [OrdersApi] });
    const { version } = await bus.orders.order_placed.fire({ number: 7 });

    expect(version).to.equal(3);
    expect((await plain.stored('lightbus-orders', 1)).headers).to.include('\r\nce-apiversion: 3\r\n');
  });

  it('numbers the events of one API in the order in which they were fired, across its events', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    const many = await Promise.all(
      Array.from({ length: 50 }, (_, index) => bus.auth.user_deleted.fire({ username: `${index}` })),
    );

    expect(many.map(({ nativeId }) => nativeId.sequence)).to.deep.equal(many.map((_, index) => index + 2));
    const usernames = (await plain.all('lightbus-auth'))
      .slice(1)
      .map(({ body }) => JSON.parse(body.toString()).username);
    expect(usernames).to.deep.equal(many.map((_, index) => `${index}`));
  });

  it('stores an event without parameters as an empty object, with and without an argument', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    const { parameters } = await bus.auth.heartbeat.fire({});

    expect(parameters).to.deep.equal({});
    expect((await plain.all('lightbus-auth')).map(({ body }) => body.toString())).to.deep.equal(['{}', '{}']);
  });

  it('fills defaults in before the event is sent, and leaves what the caller gave as it was', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const given = Object.freeze({ username: 'adam', new_email: 'a@example.com' });
    const { parameters } = await bus.auth.user_updated.fire(given);
    await bus.auth.user_updated.fire({ ...given, is_admin: undefined });
    await bus.auth.user_updated.fire({ ...given, is_admin: true });

    expect(parameters).to.deep.equal({ ...given, is_admin: false });
    expect(given).to.have.all.keys('username', 'new_email');
    const sent = (await plain.all('lightbus-auth')).map(({ body }) => JSON.parse(body.toString()).is_admin);
    expect(sent).to.deep.equal([false, false, true]);
  });

  it('stores an event of an API with dots on a stream and a subject of its own', async () => {
    class CompanyAuthApi extends Api {
      static meta = { name: 'my_company.auth' } as const;
      user_registered = new Event({ parameters: 'username' });
    }
    await using bus = create({ ...settings(nats.url), apis: [CompanyAuthApi, AuthApi] });
    const message = await bus.my_company.auth.user_registered.fire({ username: 'adam' });

    expect(message).to.include({ apiName: 'my_company.auth', eventName: 'user_registered' });
    expect(message.nativeId).to.deep.equal({ stream: 'lightbus-my_company-auth', sequence: 1 });
    const stored = await plain.stored('lightbus-my_company-auth', 1);
    expect(stored.subject).to.equal('lightbus.my_company.auth.user_registered');
  });

  it('begins every name with the configured prefix', async () => {
    await using bus = create({ ...settings(nats.url), config: { prefix: 'staging' }, apis: [AuthApi] });
    const { nativeId } = await bus.auth.user_created.fire(ADAM);

    expect(nativeId.stream).to.equal('staging-auth');
    expect((await plain.stored('staging-auth', 1)).subject).to.equal('staging.auth.user_created');
  });

  it('refuses an API that is not registered, naming those that are', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });

    const error = await errorOf(handleOf(bus, 'orders', 'order_placed').fire({}));
    expect(error).to.be.instanceOf(UnknownApi);
    expect(error.message).to.match(/API "orders" is not registered \(registered: auth\); pass its class to create/);
  });

  it('refuses an event that the API does not declare, naming those that it does', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });

    const error = await errorOf(handleOf(bus, 'auth', 'user_vanished').fire());
    expect(error).to.be.instanceOf(EventNotFound);
    expect(error.message).to.match(/API "auth" has no event "user_vanished"; it has user_created, user_updated/);
  });

  it('names both the missing and the unknown parameter of the page’s own mistake', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    // @ts-expect-error password is not a parameter of user_created, and email is missing
    const error = await errorOf(bus.auth.user_created.fire({ username: 'adam', password: 'secret' }));

    expect(error).to.be.instanceOf(InvalidEventArguments);
    expect(error.message).to.equal(
      'Event auth.user_created is missing parameter "email" and has no parameter "password"; it takes { username, email }',
    );
    expect(await plain.all('lightbus-auth')).to.deep.equal([]);
  });

  it('refuses positional arguments, saying how to give parameters', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const fire = bus.auth.user_created.fire as (...args: unknown[]) => Promise<unknown>;

    for (const args of [['adam', 'adam@example.com'], ['adam'], [['adam', 'adam@example.com']], ['a', 'b', 'c']]) {
      const error = await errorOf(fire(...args));
      expect(error, `${args}`).to.be.instanceOf(InvalidEventArguments);
      expect(error.message, `${args}`).to.match(/user_created .*by name.*\{ username, email \}/);
    }
  });

  it('refuses names with a leading underscore, of APIs and of events', async () => {
    class PrivateApi extends Api {
      static meta = { name: 'private' } as const;
      shown = new Event();
      _hidden = new Event();
    }
    await using bus = create({ ...settings(nats.url), apis: [PrivateApi] });

    for (const path of [
      ['private', '_hidden'],
      ['private', '_other'],
      ['_private', 'shown'],
    ]) {
      const error = await errorOf(handleOf(bus, ...path).fire());
      expect(error, path.join('.')).to.be.instanceOf(InvalidName);
      expect(error.message, path.join('.')).to.match(/"_\w+" starts with an underscore/);
    }
  });
});
