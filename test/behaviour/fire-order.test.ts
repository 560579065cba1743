import { AsyncLocalStorage } from 'node:async_hooks';
import { expect } from 'chai';
import { create, EventFireTimeout, type EventMessage, InvalidConfiguration } from '../../lib/index.js';
import { AuthApi, Collected, errorOf, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

describe('events that are fired and not awaited', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());
  const stored = async () =>
    (await plain.all('lightbus-auth')).map(
      (message) => (JSON.parse(message.body.toString()) as { username: unknown }).username,
    );

  it('are stored as they were when they were fired, before the bus is open and after', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    for (const round of [0, 1]) {
      const reused = { username: 0 };
      const fired: Promise<EventMessage>[] = [];
      for (let n = 1; n <= 5; n++) {
        reused.username = 10 * round + n;
        fired.push(bus.auth.user_deleted.fire(reused));
      }
      reused.username = -1;
      const messages = await Promise.all(fired);
      expect(messages.map(({ parameters }) => parameters.username)).to.deep.equal(
        [1, 2, 3, 4, 5].map((n) => 10 * round + n),
      );
    }
    expect(await stored()).to.deep.equal([1, 2, 3, 4, 5, 11, 12, 13, 14, 15]);
  });

  it('are stored in the order of the calls, whatever a hook waits for', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(numbers.map((username) => bus.auth.user_deleted.fire({ username })));
    bus.client.beforeEventSent(async ({ parameters }) => {
      if (parameters.username % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await Promise.all(numbers.map((username) => bus.auth.user_deleted.fire({ username: 50 + username })));
    expect(await stored()).to.deep.equal(Array.from({ length: 100 }, (_, n) => n));
  });

  it('are not changed by hooks, which get parameters of their own', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const change = (event: { parameters: { username: unknown } }) => {
      event.parameters.username = 'changed';
    };
    bus.client.beforeEventSent(change);
    bus.client.afterEventSent(change);
    const given = { username: { name: 'adam' } };
    const message = await bus.auth.user_deleted.fire(given);
    expect(message.parameters).to.deep.equal({ username: { name: 'adam' } });
    expect(message.parameters.username).not.to.equal(given.username);
    expect(await stored()).to.deep.equal([{ name: 'adam' }]);
  });

  it('leave the handlers of the same process in a context of their own', async () => {
    const request = new AsyncLocalStorage<string>();
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const seen = new Collected<unknown>();
    bus.auth.user_deleted.listen(() => seen.add(String(request.getStore())), {
      listenerName: 'context',
      since: 'beginning',
    });
    await request.run('of the first caller', () => bus.auth.user_deleted.fire({ username: 1 }));
    await using _worker = await request.run('of the start', () => bus.client.startWorker());
    await request.run('of another caller', () => bus.auth.user_deleted.fire({ username: 2 }));
    expect(await seen.count(2)).to.deep.equal(['undefined', 'undefined']);
  });

  it('end with their own timeout or signal, though a hook never does', async () => {
    const log = recordLog();
    await using bus = create({ ...settings(nats.url, log), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    bus.client.beforeEventSent(({ eventName }) =>
      eventName === 'heartbeat' ? new Promise(() => undefined) : undefined,
    );
    const late = await errorOf<EventFireTimeout>(bus.auth.heartbeat.fire({}, { timeout: '50ms' }));
    expect(late).to.be.instanceOf(EventFireTimeout);
    expect(late).to.include({ stored: 'no' });
    expect(late.message).to.include('hook beforeEventSent of auth.heartbeat was still running');
    const signal = AbortSignal.abort(new Error('enough'));
    expect((await errorOf(bus.auth.heartbeat.fire({}, { signal }))).message).to.equal('enough');

    bus.client.afterEventSent(() => new Promise(() => undefined));
    expect(await bus.auth.user_deleted.fire({ username: 1 }, { timeout: '300ms' })).to.include({ duplicate: false });
    await log.said('A hook afterEventSent has outlasted the timeout of the fire; the event is stored');
  });

  it('carry headers of their own to the handlers', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const headers = new Collected<Readonly<Record<string, string>>>();
    bus.auth.heartbeat.listen((_, event) => headers.add(event.headers), { listenerName: 'headers' });
    await using _worker = await bus.client.startWorker();
    await bus.auth.heartbeat.fire({}, { headers: { Tenant: 'Björk & söhne', traceparent: '00-1-2-01' } });
    expect((await headers.count(1))[0]).to.include({ tenant: 'Björk & söhne', traceparent: '00-1-2-01' });

    for (const [wrong, says] of [
      [{ 'ce-id': 'x' }, '"ce-id" is set by this package'],
      [{ 'Nats-Msg-Id': 'x' }, '"Nats-Msg-Id" is set by'],
      [{ 'Content-Type': 'x' }, '"Content-Type" is set by'],
      [{ 'a b': 'x' }, '"a b" is not a header\'s name'],
      [{ a: 'x\r\nNats-Rollup: all' }, '"a" has a line break'],
      [{ a: 1 }, '; give a text'],
      [{ a: 'x', A: 'y' }, '"A" is given twice'],
      [[], 'an object of names and texts'],
    ] as const) {
      const error = await errorOf(bus.auth.heartbeat.fire({}, { headers: wrong as never }));
      expect(error).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.include(says);
    }
  });

  it('may share one signal by the hundred without a warning', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const warnings = new Collected<Error>();
    process.on('warning', warnings.add);
    try {
      const { signal } = new AbortController();
      await Promise.all(Array.from({ length: 100 }, () => bus.auth.heartbeat.fire({}, { signal })));
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings.values).to.deep.equal([]);
    } finally {
      process.off('warning', warnings.add);
    }
  });
});
