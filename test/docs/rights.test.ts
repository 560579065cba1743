import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { Api, create, Event, LightbusError, OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { onlySnippet } from './pages.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_created = new Event({ parameters: ['username'] });
}

const { text: config } = await onlySnippet('security', 'conf');

describe('the rights that the page on security gives', function () {
  this.timeout('1m');
  const nats = useNats({ config });
  let operator: NatsConnection;
  before(async () => {
    operator = await connect({ servers: nats.url, user: 'operator', pass: 'secret' });
  });
  after(() => operator?.close());

  it('are enough to fire, to listen and to give up, and the server refuses nothing', async () => {
    const problems: unknown[] = [];
    const settings = (user: string, inboxPrefix: string) => ({
      serviceName: user,
      nats: { servers: nats.url, user, password: 'secret', inboxPrefix },
      logger: recording(problems),
    });
    await using owner = create({ ...settings('auth-service', '_INBOX_auth'), apis: [AuthApi] });
    await using listening = create<typeof AuthApi>(settings('mail-service', '_INBOX_mail'));
    const seen: string[] = [];
    const all = new Promise<void>((resolve) => {
      listening.auth.user_created.listen(
        ({ username }, { replayed }) => {
          seen.push(replayed ? `${username} again` : username);
          if (replayed) resolve();
          if (username === 'bad' && !replayed) throw new Error('no');
        },
        { listenerName: 'welcome', onError: OnError.DEAD_LETTER, since: 'beginning' },
      );
    });
    await owner.auth.user_created.fire({ username: 'good' });
    await owner.auth.user_created.fire({ username: 'bad' });
    const worker = await listening.client.startWorker();
    await deadLetters(1);
    await replayAll(problems);
    await all;
    await worker.stop();
    expect(seen).to.deep.equal(['good', 'bad', 'bad again']);
    const { consumers } = await operator.jetstreamManager();
    for (const [stream, durable] of [
      ['lightbus-auth', 'mail-service--welcome--user_created'],
      ['lightbus_replays', 'mail-service'],
    ] as const)
      expect(await consumers.info(stream, durable)).to.include({ num_pending: 0, num_ack_pending: 0 });
    expect(problems).to.deep.equal([]);
  });

  it('let a service that listens neither fire nor erase by a request of its own', async () => {
    const user = { user: 'mail-service', pass: 'secret', inboxPrefix: '_INBOX_mail' };
    const client = await connect({ servers: nats.url, ...user });
    const { streams } = await operator.jetstreamManager();
    const before = (await streams.info('lightbus-auth')).state;
    for (const subject of [
      'lightbus.auth.user_created',
      '$JS.API.STREAM.PURGE.lightbus-auth',
      '$JS.API.STREAM.DELETE.lightbus-auth',
    ]) {
      const refused = await client.request(subject, '{}', { timeout: 5000 }).catch((error) => error);
      expect(refused, subject).to.have.property('code', 'PERMISSIONS_VIOLATION');
    }
    expect((await streams.info('lightbus-auth')).state).to.deep.include({ messages: before.messages });
    await client.close();
  });

  // What the page says of reply subjects, under "Who may erase".
  it('let it erase by a reply subject, up to the sequence of its own message, before 2.12', async () => {
    const user = { user: 'mail-service', pass: 'secret', inboxPrefix: '_INBOX_mail' };
    const client = await connect({ servers: nats.url, ...user });
    const { streams } = await operator.jetstreamManager();
    const state = async (stream: string) => (await streams.info(stream)).state;
    // A purge goes up to a sequence, and not beyond: the sequence that the server gives to the forger's own message.
    while ((await state('lightbus_dead_letters')).last_seq <= (await state('lightbus-auth')).first_seq) {
      client.publish('lightbus_dead_letters.mail-service.welcome.auth.user_created', '{}');
      await client.flush();
    }
    const before = await state('lightbus-auth');
    client.publish('lightbus_dead_letters.mail-service.welcome.auth.user_created', '{}', {
      reply: '$JS.API.STREAM.PURGE.lightbus-auth',
    });
    await client.flush();
    const purged = async () => (await state('lightbus-auth')).first_seq > before.first_seq;
    const [, minor = 0] = (client.info?.version ?? '').split('.').map(Number);
    if (minor < 12) while (!(await purged())) await new Promise((resolve) => setTimeout(resolve, 50));
    else expect(await purged()).to.equal(false);
    await client.close();
  });

  it("let it put a server's answer into another's stream by a reply subject, on every version", async () => {
    const user = { user: 'mail-service', pass: 'secret', inboxPrefix: '_INBOX_mail' };
    const client = await connect({ servers: nats.url, ...user });
    const { streams } = await operator.jetstreamManager();
    const { last_seq: last } = (await streams.info('lightbus-auth')).state;
    client.publish('$JS.API.STREAM.INFO.lightbus_replays', '', { reply: 'lightbus.auth.user_created' });
    await client.flush();
    while ((await streams.info('lightbus-auth')).state.last_seq === last)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const forged = await streams.getMessage('lightbus-auth', { seq: last + 1 });
    expect(forged.json<{ type: string }>().type).to.match(/^io\.nats\.jetstream\.api\.v1\./);
    await client.close();
  });

  it('are named, where they are missing', async () => {
    class ShopApi extends Api {
      static meta = { name: 'shop' } as const;
      order_placed = new Event({ parameters: 'id' });
    }
    const user = { user: 'auth-service', password: 'secret', inboxPrefix: '_INBOX_auth' };
    const settings = { nats: { servers: nats.url, ...user }, config: { logLevel: 'silent' as const } };
    await using bus = create({ serviceName: 'auth-service', apis: [ShopApi], ...settings });
    const error = await bus.shop.order_placed.fire({ id: 1 }).catch((reason) => reason);
    expect(error).to.be.instanceOf(LightbusError);
    expect(error.message).to.contain('$JS.API.STREAM.INFO.lightbus-shop; grant its user that right');
  });

  it('do not let a publisher purge a stream by its reply subject, where `appendOnly` is set', async () => {
    const owner = { user: 'auth-service', pass: 'secret', inboxPrefix: '_INBOX_auth' };
    const { streams } = await operator.jetstreamManager();
    await streams.delete('lightbus-auth');
    await using bus = create({
      serviceName: 'auth-service',
      apis: [AuthApi],
      nats: { servers: nats.url, user: 'auth-service', password: 'secret', inboxPrefix: '_INBOX_auth' },
      config: { logLevel: 'error', apis: { auth: { stream: { appendOnly: true } } } },
    });
    await bus.auth.user_created.fire({ username: 'adam' });
    const client = await connect({ servers: nats.url, ...owner });
    client.publish('lightbus.auth.user_created', '{"username":"berta"}', {
      reply: '$JS.API.STREAM.PURGE.lightbus-auth',
    });
    await client.flush();
    // The server takes the requests of one stream in order: once this one is answered, so is that.
    await streams.info('lightbus-auth');
    await bus.auth.user_created.fire({ username: 'carl' });
    expect((await streams.info('lightbus-auth')).state.messages).to.equal(3);
    await client.close();
  });

  async function deadLetters(count: number): Promise<void> {
    const { streams } = await operator.jetstreamManager();
    for (;;) {
      const info = await streams.info('lightbus_dead_letters').catch(() => undefined);
      if (info?.state.messages === count) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** By the user who may do that and no more. */
  async function replayAll(problems: unknown[]): Promise<void> {
    const connection = { servers: nats.url, user: 'keeper', password: 'secret', inboxPrefix: '_INBOX_keeper' };
    await using bus = create({ serviceName: 'keeper', nats: connection, logger: recording(problems) });
    for await (const { sequence } of bus.client.deadLetters.list()) {
      expect(await bus.client.deadLetters.show(sequence)).to.have.property('event', 'user_created');
    }
    expect(await bus.client.deadLetters.replay()).to.deep.equal({ found: 1, done: 1, gone: 0, failed: [] });
    expect(await bus.client.deadLetters.remove({ all: true })).to.have.property('found', 0);
  }
});

function recording(problems: unknown[]) {
  const note = (fields: object, message: string) => {
    // That an event was given up is what this test asks for.
    if (!message.startsWith('Gave an event up')) problems.push({ message, ...fields });
  };
  return { debug: () => {}, info: () => {}, warn: note, error: note };
}
