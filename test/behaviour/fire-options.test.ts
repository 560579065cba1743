import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  BusAlreadyClosed,
  create,
  EventFireTimeout,
  type EventMessage,
  InvalidConfiguration,
  type OutgoingEvent,
} from '../../lib/index.js';
import { AuthApi, errorOf, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

const ADAM = { username: 'adam', email: 'adam@example.com' };

/** A signal takes a moment, and a thread that still runs may answer. */
async function stopped(pid: number): Promise<void> {
  const folder = `/proc/${pid}/task`;
  for (let running = true; running && existsSync(folder); ) {
    const states = readdirSync(folder).map((task) => readFileSync(`${folder}/${task}/stat`, 'utf8'));
    running = !states.every((state) => /\) [tT] /.test(state));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('firing with options', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  describe('with an id', () => {
    it('stores one event of an id, and says of the second that it is a duplicate of the first', async () => {
      await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
      const first = await bus.auth.user_created.fire(ADAM, { id: 'order-17' });
      const second = await bus.auth.user_created.fire(ADAM, { id: 'order-17' });

      expect(first).to.deep.include({ id: 'order-17', duplicate: false });
      expect(second).to.deep.include({ id: 'order-17', duplicate: true, nativeId: first.nativeId });
      expect(await plain.all('lightbus-auth')).to.have.length(1);
    });

    it('stores one of two that are fired at once by two processes', async () => {
      await using one = create({ ...settings(nats.url), apis: [AuthApi] });
      await using two = create({ ...settings(nats.url), apis: [AuthApi] });
      const messages = await Promise.all([one, two].map((bus) => bus.auth.user_created.fire(ADAM, { id: 'same' })));

      expect(messages.map(({ duplicate }) => duplicate).sort()).to.deep.equal([false, true]);
      expect(await plain.all('lightbus-auth')).to.have.length(1);
    });

    it('keeps one id apart on two events of an API', async () => {
      await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
      const created = await bus.auth.user_created.fire(ADAM, { id: 'adam' });
      const deleted = await bus.auth.user_deleted.fire({ username: 'adam' }, { id: 'adam' });

      expect([created.duplicate, deleted.duplicate]).to.deep.equal([false, false]);
      expect(await plain.all('lightbus-auth')).to.have.length(2);
    });

    it('takes any text without line breaks, and gives it to handlers as it was', async () => {
      await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
      const ids = ['with space', '100% "quoted"', 'Zoë 🚌', 'a:b/c', 'tab\there', 'x'.repeat(512)];
      const received = new Promise<string[]>((resolve) => {
        const seen: string[] = [];
        bus.auth.heartbeat.listen((_parameters, { id }) => seen.push(id) === ids.length && resolve(seen), {
          listenerName: 'ids',
        });
      });
      await using worker = await bus.client.startWorker();
      for (const id of ids) expect((await bus.auth.heartbeat.fire({}, { id })).id).to.equal(id);

      expect(await received).to.deep.equal(ids);
      await worker.stop();
    });

    it('refuses an id that is no such text', async () => {
      await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
      for (const id of ['', 'a\r\nNats-Rollup: all', 'a\nb', 'x'.repeat(513), 7, null, {}] as string[]) {
        const error = await errorOf(bus.auth.heartbeat.fire({}, { id }));
        expect(error, String(id)).to.be.instanceOf(InvalidConfiguration);
        expect(error.message).to.match(
          /^fire of auth\.heartbeat: id: .+; give a string of 1 to 512 characters without line breaks$/,
        );
      }
    });
  });

  it('refuses an option that does not exist, naming those that do', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    // @ts-expect-error there is no such option
    const error = await errorOf(bus.auth.heartbeat.fire({}, { ttl: 3 }));

    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect(error.message).to.equal(
      "fire of auth.heartbeat: ttl is not an option; known are 'id', 'timeout', 'signal', 'headers'",
    );
  });

  it('refuses a timeout that is not a duration, before anything is sent', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    for (const timeout of [5000, -1, Number.NaN, '5', 'soon']) {
      const error = await errorOf(bus.auth.heartbeat.fire({}, { timeout: timeout as number }));
      expect(error, String(timeout)).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.match(/^fire of auth\.heartbeat: timeout: /);
    }
    expect(await plain.all('lightbus-auth')).to.deep.equal([]);
  });

  it('stops waiting with the signal’s own reason', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const reason = new Error('the request was cancelled');

    expect(await errorOf(bus.auth.heartbeat.fire({}, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
    expect(await plain.all('lightbus-auth')).to.deep.equal([]);

    await bus.auth.heartbeat.fire();
    expect(await errorOf(bus.auth.heartbeat.fire({}, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
    expect(await plain.all('lightbus-auth'), 'also once the stream is known').to.have.length(1);
  });

  it('refuses a signal that is none', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const error = await errorOf(bus.auth.heartbeat.fire({}, { signal: 'stop' as unknown as AbortSignal }));

    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect(error.message).to.match(/^fire of auth\.heartbeat: signal: .*give an AbortSignal/);
  });

  it('says after its timeout that an event was sent and may have been stored', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    process.kill(nats.pid, 'SIGSTOP');
    await stopped(nats.pid);
    let error: EventFireTimeout;
    try {
      error = await errorOf<EventFireTimeout>(bus.auth.heartbeat.fire({}, { timeout: '300ms', id: 'beat' }));
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }

    expect(error).to.be.instanceOf(EventFireTimeout);
    expect(error.stored).to.equal('maybe');
    expect(error.message).to.match(/lightbus\.auth\.heartbeat was not confirmed .*fire it again with the same id/);
    expect((await bus.auth.heartbeat.fire({}, { id: 'beat' })).duplicate).to.equal(true);
  });
});

describe('hooks around firing', () => {
  const nats = useNats();

  it('see the event before and after it is stored, each once', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const before: OutgoingEvent[] = [];
    const after: EventMessage[] = [];
    bus.client.beforeEventSent((event) => before.push(event));
    bus.client.afterEventSent((event) => after.push(event));
    const message = await bus.auth.user_updated.fire({ username: 'adam', new_email: 'a@example.com' });

    const { nativeId: _native, duplicate: _duplicate, ...outgoing } = message;
    expect(before).to.deep.equal([outgoing]);
    expect(before[0]?.parameters).to.include({ is_admin: false });
    expect(after).to.deep.equal([message]);
  });

  it('do not see an event that is refused', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    let seen = 0;
    bus.client.beforeEventSent(() => (seen += 1));
    await errorOf(bus.auth.user_updated.fire({ username: 'adam', new_email: 'no address' }));

    expect(seen).to.equal(0);
  });

  it('stop an event by failing before it is sent', async () => {
    await using plain = await plainNats(nats.url);
    await using bus = create({ ...settings(nats.url), config: { prefix: 'stopped' }, apis: [AuthApi] });
    bus.client.beforeEventSent(() => Promise.reject(new Error('not today')));

    expect((await errorOf(bus.auth.heartbeat.fire())).message).to.equal('not today');
    expect(await plain.all('stopped-auth')).to.deep.equal([]);
  });

  it('cannot make an event fail that is stored: a failure after it is logged', async () => {
    const log = recordLog();
    await using bus = create({ ...settings(nats.url, log), apis: [AuthApi] });
    bus.client.afterEventSent(() => Promise.reject(new Error('too late')));
    const { id } = await bus.auth.heartbeat.fire();

    const { level, fields } = await log.said('A hook afterEventSent failed; the event is stored');
    expect(level).to.equal('error');
    expect(fields).to.deep.include({ event: 'auth.heartbeat', eventId: id });
    expect(String(fields.err)).to.equal('Error: too late');
  });
});

describe('a closed bus', () => {
  const nats = useNats();

  it('fires nothing, and says so', async () => {
    const bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    await bus.client.close();
    const error = await errorOf(bus.auth.heartbeat.fire());

    expect(error).to.be.instanceOf(BusAlreadyClosed);
    expect(error.message).to.equal('The bus is closed; create another one');
  });

  it('has confirmed what was fired just before', async () => {
    await using plain = await plainNats(nats.url);
    const bus = create({ ...settings(nats.url), config: { prefix: 'last' }, apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    const fired = Array.from({ length: 20 }, () => bus.auth.heartbeat.fire());
    await new Promise(setImmediate);
    await bus.client.close();

    expect(await Promise.all(fired)).to.have.length(20);
    expect(await plain.all('last-auth')).to.have.length(21);
  });
});
