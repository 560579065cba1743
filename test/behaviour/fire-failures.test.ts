import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { BusAlreadyClosed, create, EventFireTimeout, InvalidConfiguration, LightbusError } from '../../lib/index.js';
import { AuthApi, errorOf, recordLog, settings } from '../support/bus.js';
import { startNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';
import { freePort, silentServer } from '../support/ports.js';

describe('firing without a server', () => {
  it('fails within eventFireTimeout, naming the address without its password', async () => {
    const port = await freePort();
    const log = recordLog();
    await using bus = create({
      ...settings(`nats://adam:hunter2@127.0.0.1:${port}`, log),
      config: { apis: { auth: { eventFireTimeout: '400ms' } } },
      apis: [AuthApi],
    });
    const error = await errorOf<EventFireTimeout>(bus.auth.heartbeat.fire());

    expect(error).to.be.instanceOf(EventFireTimeout);
    expect(error.stored).to.equal('no');
    expect(error.message).to.match(
      new RegExp(
        `^No connection to NATS at nats://127\\.0\\.0\\.1:${port} within the timeout.*is a server running there`,
      ),
    );
    const entry = await log.said('No connection to NATS; waiting for one');
    expect(entry.fields).to.include({ servers: `nats://127.0.0.1:${port}` });
    expect(JSON.stringify([error.message, error.stack, String(error.cause), log.entries])).not.to.include('hunter2');
  });

  it('fails within the timeout that fire is given, also where something accepts and never answers', async () => {
    using silent = await silentServer();
    await using bus = create({ ...settings(`nats://127.0.0.1:${silent.port}`), apis: [AuthApi] });

    const error = await errorOf<EventFireTimeout>(bus.auth.heartbeat.fire({}, { timeout: '300ms' }));
    expect(error).to.be.instanceOf(EventFireTimeout);
    expect(error.message).to.include(`127.0.0.1:${silent.port}`);
  });

  it('stops waiting when the signal is aborted, and when the bus is closed', async () => {
    const port = await freePort();
    const bus = create({ ...settings(`nats://127.0.0.1:${port}`), apis: [AuthApi] });
    const controller = new AbortController();
    const aborted = errorOf(bus.auth.heartbeat.fire({}, { signal: controller.signal }));
    const closed = errorOf(bus.auth.heartbeat.fire());
    controller.abort(new Error('enough'));
    expect((await aborted).message).to.equal('enough');
    await bus.client.close();
    expect(await closed).to.be.instanceOf(BusAlreadyClosed);
  });

  it('succeeds when the server comes in time', async () => {
    await using nats = await startNats();
    await nats.stop();
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const fired = bus.auth.heartbeat.fire({}, { timeout: '60s' });
    await nats.restart();

    expect(await fired).to.include({ duplicate: false });
  }).timeout(60_000);
});

describe('firing on a server that refuses', () => {
  it('says that the credentials are wrong and which settings to look at, without showing them', async () => {
    await using nats = await startNats({ config: 'authorization { user: adam, password: right }' });
    const { port } = nats;
    for (const login of [{ user: 'adam', password: 'hunter2' }, { token: 'hunter2' }, {}]) {
      await using bus = create({ ...settings(nats.url), nats: { servers: nats.url, ...login }, apis: [AuthApi] });
      const error = await errorOf(bus.auth.heartbeat.fire());

      expect(error, JSON.stringify(login)).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.match(
        new RegExp(
          `^nats://127\\.0\\.0\\.1:${port} refused the credentials \\(.*check nats\\.credentials, or user and password`,
        ),
      );
      expect(error.message + error.stack).not.to.include('hunter2');
    }
    await using bus = create({ ...settings(`nats://adam:right@127.0.0.1:${port}`), apis: [AuthApi] });
    expect(await bus.auth.heartbeat.fire()).to.include({ duplicate: false });
  });

  it('says that a credentials file cannot be read', async () => {
    const credentials = fileURLToPath(new URL('./not-there.creds', import.meta.url));
    await using bus = create({ ...settings('nats://127.0.0.1:1'), nats: { credentials }, apis: [AuthApi] });
    const error = await errorOf(bus.auth.heartbeat.fire());

    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect(error.message).to.match(/nats\.credentials: cannot read .*not-there\.creds \(ENOENT/);
  });

  it('says that JetStream is switched off, and how to switch it on', async () => {
    await using nats = await startNats({ config: 'jetstream: disabled' });
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    bus.auth.heartbeat.listen(() => undefined, { listenerName: 'beats' });

    for (const failing of [bus.auth.heartbeat.fire(), bus.client.startWorker()]) {
      const error = await errorOf(failing);
      expect(error).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.match(/JetStream is switched off at nats:\/\/127.*start nats-server with -js/);
    }
  });

  it('says which subject it may not publish to', async () => {
    const config = `authorization { users: [ { user: u, password: p, permissions: {
      publish: { allow: ["$JS.API.>", "lightbus.auth.user_created"] }, subscribe: "_INBOX.>" } } ] }`;
    await using nats = await startNats({ config });
    const log = recordLog();
    await using bus = create({ ...settings(`nats://u:p@127.0.0.1:${nats.port}`, log), apis: [AuthApi] });
    const error = await errorOf(bus.auth.heartbeat.fire());

    expect(error).to.be.instanceOf(LightbusError);
    expect(error.message).to.equal(
      'NATS does not permit this service to publish to lightbus.auth.heartbeat; grant its user that right',
    );
    expect(await bus.auth.user_created.fire({ username: 'a', email: 'b' })).to.include({ duplicate: false });
  });

  it('says that the stream is full, which limit to raise, and that nothing was stored', async () => {
    await using nats = await startNats();
    await using plain = await plainNats(nats.url);
    await plain.manager.streams.add({
      name: 'lightbus-auth',
      subjects: ['lightbus.auth.*'],
      max_msgs: 1,
      discard: 'new' as never,
    });
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    const error = await errorOf(bus.auth.heartbeat.fire());

    expect(error).to.be.instanceOf(LightbusError);
    expect(error.message).to.match(
      /^The server refused lightbus\.auth\.heartbeat: maximum messages exceeded \(10077\); raise the limits of its stream.*It was not stored\.$/,
    );
  });

  it('makes the stream again that vanished, and fires', async () => {
    await using nats = await startNats();
    await using plain = await plainNats(nats.url);
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    await plain.clear();

    expect((await bus.auth.heartbeat.fire()).nativeId).to.deep.equal({ stream: 'lightbus-auth', sequence: 1 });
  });
});
