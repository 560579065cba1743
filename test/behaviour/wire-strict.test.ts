import { expect } from 'chai';
import { create, OnError } from '../../lib/index.js';
import { AuthApi, Collected, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { type PlainNats, plainNats, type StoredMessage } from '../support/plain-nats.js';

const SUBJECT = 'lightbus.auth.user_updated';
const DEAD_LETTERS = 'lightbus_dead_letters';

const good = (username: string) => JSON.stringify({ username, new_email: 'a@example.com' });

/** What no handler may see, and what the dead letter says about it. */
const BAD: readonly (readonly [what: string, body: string | Uint8Array, reason: RegExp])[] = [
  ['nothing at all', '', /has a body that is not JSON: "" \(it is empty; an event without parameters is \{\}\)/],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), /has a body that is not UTF-8/],
  [
    'an overlong encoding',
    Buffer.from([...Buffer.from('{"username":"'), 0xc0, 0xaf, ...Buffer.from('"}')]),
    /not UTF-8/,
  ],
  ['UTF-16', Buffer.from('\ufeff{"username":"adam"}', 'utf16le'), /not UTF-8 \(it is UTF-16; write UTF-8\)/],
  ['a byte order mark', `\ufeff${good('adam')}`, /has a body that is not JSON.*byte order mark/],
  ['no JSON', '{"username": adam}', /has a body that is not JSON: "\{\\"username\\": adam\}"/],
  ['JSON with more after it', `${good('adam')}{}`, /not JSON/],
  [
    'a CloudEvent in structured mode',
    `{"specversion":"1.0","type":"user_updated","source":"/auth","id":"1","data":${good('adam')}}`,
    /must have required property 'username'.*use binary mode/,
  ],
  ['NaN', '{"username":"a","new_email":NaN}', /not JSON/],
  ['a list', '[{"username":"adam"}]', /has a body that is not a JSON object: "\[/],
  ['a string', '"adam"', /not a JSON object/],
  ['a number', '1e999', /not a JSON object/],
  ['null', 'null', /not a JSON object: "null"/],
  ['__proto__', '{"__proto__":{"username":"a"},"username":"a","new_email":"a@b.de"}', /key "__proto__", which reaches/],
  ['__proto__ with escapes', '{"\\u005f_proto__":1,"username":"a","new_email":"a@b.de"}', /key "__proto__"/],
  [
    '__proto__ far below',
    '{"username":"a","new_email":"a@b.de","more":[0,{"a":[{"__proto__":null}]}]}',
    /key "__proto__"/,
  ],
  ['constructor', '{"username":"a","new_email":"a@b.de","x":{"constructor":{"prototype":1}}}', /key "constructor"/],
  ['prototype', '{"username":"a","new_email":"a@b.de","prototype":1}', /key "prototype"/],
  [
    '101 levels',
    `{"username":"a","new_email":"a@b.de","x":${'['.repeat(100)}${']'.repeat(100)}}`,
    /nested more than 100 levels/,
  ],
  ['100,000 brackets', '['.repeat(100_000), /has a body that is not JSON/],
  [
    '100,000 brackets, closed',
    `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    /nested more than 100 levels|not JSON/,
  ],
  ['100,000 objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /nested more than 100 levels|not JSON/],
  ['a missing parameter', '{"username":"adam"}', /must have required property 'new_email'/],
  ['a wrong type', '{"username":7,"new_email":"a@b.de"}', /username must be string, is 7/],
  ['a wrong format', '{"username":"a","new_email":"nowhere"}', /new_email must match format "email", is "nowhere"/],
];

describe('reading what is not an event', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  /** A worker on `user_updated`: the names that its handler saw. It must outlive everything that it is sent. */
  async function listening(url = nats.url) {
    const log = recordLog();
    const bus = create({ ...settings(url, log), apis: [AuthApi] });
    const seen = new Collected<string>();
    bus.auth.user_updated.listen(({ username }) => seen.add(username), { listenerName: 'strict' });
    const worker = await bus.client.startWorker();
    return { bus, seen, log, worker, [Symbol.asyncDispose]: () => bus.client.close() };
  }

  for (const [what, body, reason] of BAD) {
    it(`makes a dead letter of ${what}, and goes on`, async () => {
      await using reader = await listening();
      const sequence = await plain.send(SUBJECT, body, 'NATS/1.0\r\nce-id: bad-1\r\nX-Mine: kept\r\n\r\n');
      await plain.send(SUBJECT, good('after'));

      expect(await reader.seen.count(1)).to.deep.equal(['after']);
      const { level, fields } = await reader.log.said('Gave an event up; it is kept as a dead letter');
      expect(level).to.equal('error');
      expect(fields).to.include({ listener: 'strict', event: SUBJECT, eventId: 'bad-1', sequence });
      expect(String((fields.err as Error).message)).to.match(reason);
      const [letter, ...others] = await plain.all(DEAD_LETTERS);
      expect(others.map(({ subject, headers, time }) => ({ subject, headers, time }))).to.deep.equal([]);
      expectLetter(letter, { body, sequence, reason });
      await reader.worker.stop();
      const durable = await plain.manager.consumers.info('lightbus-auth', 'test-service--strict--user_updated');
      expect(durable).to.include({ num_pending: 0, num_ack_pending: 0 });
      expect(({} as Record<string, unknown>).username).to.equal(undefined);
    });
  }

  function expectLetter(
    letter: StoredMessage | undefined,
    { body, sequence, reason }: { body: string | Uint8Array; sequence: number; reason: RegExp },
  ): void {
    expect(letter?.subject).to.equal('lightbus_dead_letters.test-service.strict.auth.user_updated');
    expect(letter?.body.equals(Buffer.from(body as string)), 'the body as it was').to.equal(true);
    expect(letter?.headers).to.include('\r\nce-id: bad-1\r\nx-mine: kept\r\n');
    expect(letter?.headers).to.include(`\r\nlightbus-stream: lightbus-auth\r\nlightbus-sequence: ${sequence}\r\n`);
    const [, message = ''] = /\r\nlightbus-error-message: (.*)\r\n/.exec(letter?.headers ?? '') ?? [];
    expect(decodeURIComponent(message)).to.match(reason);
  }

  it('calls no handler and lives, whatever onError says', async () => {
    for (const onError of Object.values(OnError)) {
      await using bus = create({ ...settings(nats.url), serviceName: `on-${onError.toLowerCase()}`, apis: [AuthApi] });
      const seen = new Collected<string>();
      bus.auth.user_updated.listen(({ username }) => seen.add(username), { listenerName: 'all', onError });
      await using worker = await bus.client.startWorker();
      await plain.send(SUBJECT, '{"username":1}');
      await plain.send(SUBJECT, good(onError));

      expect(await seen.count(1)).to.deep.equal([onError]);
      await worker.stop();
      await worker.done;
    }
    const letters = await plain.all(DEAD_LETTERS);
    expect(letters.map(({ subject }) => subject.split('.')[1])).to.deep.equal([
      'on-shutdown',
      'on-acknowledge_and_log',
      'on-retry',
      'on-dead_letter',
    ]);
  });

  it('takes messages that look like the server’s own notices for what they are', async () => {
    await using reader = await listening();
    const notices = ['404 No Messages', '408 Request Timeout', '409 Consumer Deleted', '100 Idle Heartbeat', '503'];
    for (const notice of notices) await plain.send(SUBJECT, '', `NATS/1.0 ${notice}\r\n\r\n`);
    for (const notice of notices) await plain.send(SUBJECT, good(notice), `NATS/1.0 ${notice}\r\n\r\n`);

    expect(await reader.seen.count(notices.length)).to.deep.equal(notices);
    expect((await plain.all(DEAD_LETTERS)).map(({ body }) => body.length)).to.deep.equal(notices.map(() => 0));
  });

  it('carries no Nats header of the original into a dead letter, where the server would act upon it', async () => {
    await using reader = await listening();
    const headers =
      'NATS/1.0\r\nNats-Msg-Id: mine\r\nNats-Expected-Stream: lightbus-auth\r\nnats-TTL: 1s\r\nce-id: a\r\n\r\n';
    await plain.send(SUBJECT, '{}', headers);
    await reader.log.said('Gave an event up');
    const [letter] = await plain.all(DEAD_LETTERS);

    expect(letter?.headers.match(/^nats-.*$/gim)).to.deep.equal([
      letter?.headers.match(/^Nats-Msg-Id: test-service--strict--user_updated:lightbus-auth:1:\d+/m)?.[0],
    ]);
  });

  it('handles the good events between a thousand bad ones, all of them, in order', async () => {
    await using reader = await listening();
    const { connection } = plain;
    const expected: string[] = [];
    for (let index = 0; index < 1000; index++) {
      const [, body] = BAD[index % BAD.length] ?? [];
      connection.publish(SUBJECT, (body?.length ?? 0) < 1000 ? body : '[]');
      if (index % 10 !== 0) continue;
      connection.publish(SUBJECT, good(`${index}`));
      expected.push(`${index}`);
    }
    connection.publish(SUBJECT, good('last'));
    expected.push('last');
    expect(await reader.seen.count(expected.length)).to.deep.equal(expected);
    await reader.worker.stop();
    const { num_ack_pending } = await plain.manager.consumers.info(
      'lightbus-auth',
      'test-service--strict--user_updated',
    );
    expect(num_ack_pending).to.equal(0);
    expect((await plain.manager.streams.info(DEAD_LETTERS)).state.messages).to.equal(1000);
  });
});

describe('an event that fits the server, and not as a dead letter', () => {
  const nats = useNats({ config: 'max_payload: 64KB' });

  it('is kept as a reference to where it is, with as much of it as fits', async () => {
    await using plain = await plainNats(nats.url);
    const log = recordLog();
    await using bus = create({ ...settings(nats.url, log), apis: [AuthApi] });
    const seen = new Collected<string>();
    bus.auth.user_updated.listen(({ username }) => seen.add(username), { listenerName: 'strict' });
    await using _worker = await bus.client.startWorker();
    const body = `{"username":"${'x'.repeat(65_000)}"}`;
    const sequence = await plain.send(SUBJECT, body, `NATS/1.0\r\nX: ${'y'.repeat(300)}\r\n\r\n`);
    await plain.send(SUBJECT, good('after'));

    expect(await seen.count(1)).to.deep.equal(['after']);
    const [letter] = await plain.all(DEAD_LETTERS);
    expect(letter?.headers).to.include('\r\nlightbus-truncated: true\r\n');
    expect(letter?.headers).to.include(`\r\nlightbus-stream: lightbus-auth\r\nlightbus-sequence: ${sequence}\r\n`);
    expect(letter?.body.length).to.be.within(50_000, 65_000);
    expect(body.startsWith(letter?.body.toString() ?? 'nothing')).to.equal(true);
  });

  it('is handled all the same if it is a good one', async () => {
    await using plain = await plainNats(nats.url);
    await using bus = create({ ...settings(nats.url), serviceName: 'other-service', apis: [AuthApi] });
    const seen = new Collected<number>();
    bus.auth.user_deleted.listen(({ username }) => seen.add(username.length), { listenerName: 'large' });
    await using _worker = await bus.client.startWorker();
    await plain.send('lightbus.auth.user_deleted', JSON.stringify({ username: 'x'.repeat(65_000) }));

    expect(await seen.count(1)).to.deep.equal([65_000]);
  });
});
