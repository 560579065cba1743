import { expect } from 'chai';
import { create, type ReceivedEvent } from '../../lib/index.js';
import { AuthApi, Collected, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

const SUBJECT = 'lightbus.auth.user_created';
const ADAM = '{"username":"adam","email":"adam@example.com"}';

/** A bus that listens to `user_created`, and what reaches its handler. */
async function listening(url: string) {
  const bus = create({ ...settings(url), apis: [AuthApi] });
  const events = new Collected<ReceivedEvent>();
  bus.auth.user_created.listen((_parameters, event) => events.add(event), { listenerName: 'reader' });
  await bus.client.startWorker();
  return { events, [Symbol.asyncDispose]: () => bus.client.close() };
}

describe('reading an event', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  it('gives the handler what was fired, from whom and when', async () => {
    await using reader = await listening(nats.url);
    await using bus = create({ ...settings(nats.url), serviceName: 'auth-service', apis: [AuthApi] });
    const started = Date.now();
    const message = await bus.auth.user_created.fire({ username: 'adam', email: 'a@example.com' });
    const [event] = await reader.events.count(1);

    expect(event).to.deep.include({
      id: message.id,
      apiName: 'auth',
      eventName: 'user_created',
      version: 1,
      parameters: { username: 'adam', email: 'a@example.com' },
      attempt: 1,
      replayed: false,
      source: '/auth-service',
      nativeId: message.nativeId,
    });
    expect(event?.firedAt.getTime()).to.be.within(started, Date.now());
    expect(event?.headers['ce-type']).to.equal('auth.user_created');
    expect(Object.getPrototypeOf(event?.headers)).to.equal(null);
    expect(event?.signal.aborted).to.equal(false);
  });

  it('takes an event without headers, as `nats pub` sends it: id, time and names come from the stream', async () => {
    await using reader = await listening(nats.url);
    const sequence = await plain.send(SUBJECT, ADAM);
    const [event] = await reader.events.count(1);

    expect(event).to.deep.include({
      id: `lightbus-auth:${sequence}`,
      apiName: 'auth',
      eventName: 'user_created',
      version: 1,
      source: undefined,
      parameters: JSON.parse(ADAM),
    });
    expect(event?.headers).to.deep.equal(Object.create(null));
    const { time } = await plain.stored('lightbus-auth', sequence);
    expect(event?.firedAt.getTime()).to.equal(Math.floor(Date.parse(time)));
  });

  it('takes header names in any case, and the first of a repeated header', async () => {
    await using reader = await listening(nats.url);
    const headers =
      'NATS/1.0\r\nCE-Id: mine\r\nce-ID: second\r\nCe-Source:/by-hand\r\nCE-TIME:  2020-02-03T04:05:06.789Z  \r\ncE-apiVERSION: 4\r\nX-Trace: Abc\r\n\r\n';
    await plain.send(SUBJECT, ADAM, headers);
    const [event] = await reader.events.count(1);

    expect(event).to.include({ id: 'mine', source: '/by-hand', version: 4 });
    expect(event?.firedAt.toISOString()).to.equal('2020-02-03T04:05:06.789Z');
    expect(event?.headers).to.include({ 'x-trace': 'Abc', 'ce-id': 'mine' });
  });

  it('makes the best of headers that hold rubbish', async () => {
    await using reader = await listening(nats.url);
    const headers = 'NATS/1.0\r\nce-id: %E0%A4%A\r\nce-time: soon\r\nce-apiversion: -3\r\nce-source: \r\n\r\n';
    const sequence = await plain.send(SUBJECT, ADAM, headers);
    await plain.send(SUBJECT, ADAM, 'NATS/1.0\r\nce-id: \r\nce-time: %32020-01-01\r\nce-apiversion: 1.5\r\n\r\n');
    const [first, second] = await reader.events.count(2);

    expect(first).to.include({ id: '%E0%A4%A', version: 1, source: undefined });
    const { time } = await plain.stored('lightbus-auth', sequence);
    expect(first?.firedAt.getTime()).to.equal(Math.floor(Date.parse(time)));
    expect(second).to.include({ id: `lightbus-auth:${sequence + 1}`, version: 1 });
    expect(second?.firedAt.toISOString()).to.equal('2020-01-01T00:00:00.000Z');
  });

  it('lets parameters through that the class does not know', async () => {
    await using reader = await listening(nats.url);
    await plain.send(SUBJECT, '{"username":"adam","email":"a","since_version_2":[1]}');
    const [event] = await reader.events.count(1);

    expect(event?.parameters).to.deep.equal({ username: 'adam', email: 'a', since_version_2: [1] });
  });

  it('fills in the default of what an older producer left out', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const updates = new Collected<unknown>();
    bus.auth.user_updated.listen((parameters) => updates.add(parameters), { listenerName: 'updates' });
    await using _worker = await bus.client.startWorker();
    await plain.send('lightbus.auth.user_updated', '{"username":"adam","new_email":"a@example.com"}');

    expect(await updates.count(1)).to.deep.equal([{ username: 'adam', new_email: 'a@example.com', is_admin: false }]);
  });

  it('takes any event of an API whose class it does not have, unchecked and without defaults', async () => {
    await using owner = create({ ...settings(nats.url), apis: [AuthApi] });
    await owner.auth.heartbeat.fire();
    await using bus = create(settings(nats.url));
    const seen = new Collected<unknown>();
    bus.client.listenForEvents([bus.auth?.user_updated as never], (parameters) => seen.add(parameters), {
      listenerName: 'foreign',
    });
    await using _worker = await bus.client.startWorker();
    await plain.send('lightbus.auth.user_updated', '{"username":7}');

    expect(await seen.count(1)).to.deep.equal([{ username: 7 }]);
  });

  it('survives hostile headers by the hundred, and handles each event', async () => {
    await using reader = await listening(nats.url);
    const hostile: string[] = [
      'NATS/1.0\r\n\r\n',
      'NATS/1.0',
      'NATS/1.0 404 No Messages\r\n\r\n',
      'NATS/1.0 503\r\n\r\n',
      `NATS/1.0\r\n${Array.from({ length: 500 }, (_, index) => `X-${index}: ${index}\r\n`).join('')}\r\n`,
      `NATS/1.0\r\nX: ${'y'.repeat(50_000)}\r\n\r\n`,
      `NATS/1.0\r\n${'z'.repeat(50_000)}: 1\r\n\r\n`,
      `NATS/1.0\r\n${':'.repeat(5000)}\r\n\r\n`,
      'NATS/1.0\r\n__proto__: polluted\r\nconstructor: x\r\ntoString: y\r\n\r\n',
      'NATS/1.0\r\nno colon at all\r\n\r\n',
      'NATS/1.0\r\n: empty name\r\n\r\n',
      'NATS/1.0\r\nA: one\rB: two\nC: three\r\n\r\n',
      'NATS/1.0\r\nce-id: \u0000\u0001\u001b[31m\r\n\r\n',
      'NATS/1.0\r\nce-time: 99999999999999-01-01\r\n\r\n',
      'NATS/1.0\r\nce-time: -271821-04-19T23:59:59Z\r\n\r\n',
      'NATS/1.0\r\nce-apiversion: 1e999\r\nce-apiversion: 0x10\r\n\r\n',
      'NATS/1.0\r\nce-type: orders.order_deleted\r\n\r\n',
      'NATS/1.0\r\ncontent-type: application/xml\r\nce-specversion: 99\r\n\r\n',
      'NATS/1.0\r\nlightbus-sequence: 1\r\nlightbus-stream: other\r\nlightbus-timestamp: 1\r\n\r\n',
    ];
    for (let size = 0; size < 100; size++) {
      hostile.push(`NATS/1.0\r\n${Array.from({ length: size }, () => `ce-id: ${'%'.repeat(size)}\r\n`).join('')}\r\n`);
    }
    const sequences: number[] = [];
    for (const [index, headers] of hostile.entries()) {
      sequences.push(await plain.send(SUBJECT, JSON.stringify({ username: index, email: '' }), headers));
    }

    const events = await reader.events.count(hostile.length);
    expect(events.map(({ parameters }) => parameters.username)).to.deep.equal(hostile.map((_, index) => index));
    expect(events.map(({ nativeId }) => nativeId.sequence)).to.deep.equal(sequences);
    for (const { id, version, firedAt, eventName, headers } of events) {
      expect(id).to.be.a('string').with.length.above(0);
      expect(version).to.equal(1);
      expect(Number.isNaN(firedAt.getTime())).to.equal(false);
      expect(eventName).to.equal('user_created');
      expect(Object.getPrototypeOf(headers)).to.equal(null);
    }
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('keeps bytes that are not text out of the header values that it hands on', async () => {
    await using reader = await listening(nats.url);
    const block = Buffer.concat([
      Buffer.from('NATS/1.0\r\nX-Bin: '),
      Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
      Buffer.from('\r\nce-id: ok\r\n\r\n'),
    ]);
    await plain.send(SUBJECT, ADAM, block);
    const [event] = await reader.events.count(1);

    expect(event?.id).to.equal('ok');
    expect(event?.headers['x-bin']).to.match(/^\uFFFD+$/);
  });
});
