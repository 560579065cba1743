import { expect } from 'chai';
import { Type } from 'typebox';
import { Api, create, Event, InvalidEventArguments, ValidationError } from '../../lib/index.js';
import { AuthApi, Collected, errorOf, settings } from '../support/bus.js';
import { startNats, useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

class ValuesApi extends Api {
  static meta = { name: 'values' } as const;
  anything = new Event({ parameters: 'value' });
  measured = new Event({
    parameters: {
      amount: Type.Number(),
      at: Type.Optional(Type.String({ format: 'date-time' })),
      tags: Type.Optional(Type.Array(Type.Union([Type.Literal('hot'), Type.Literal('cold')]), { maxItems: 2 })),
      place: Type.Optional(Type.Object({ city: Type.String(), zip: Type.Integer() })),
    },
  });
}

/** One of each kind of JSON value, and the ones that are known to break things. */
const JSON_VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e300,
    5e-324,
    Number.MAX_SAFE_INTEGER,
    '',
    'plain',
    'Zoë 🚌 \u{1F9D1}\u200D\u{1F33E}',
  ],
  ...['line\nbreak\r\n', '\u0000\u0001\u007f', '\u2028\u2029', '"\\/', '\ud800 alone', '__proto__'],
  ...[[], {}, [[]], [null], { '': 1 }, { a: { b: { c: [1, { d: null }] } } }, { 'key with spaces': 1, ключ: 2, 1: 3 }],
  ...[Array.from({ length: 1000 }, (_, index) => index), 'x'.repeat(100_000)],
];

describe('values that are fired', () => {
  const nats = useNats();
  let plain: PlainNats;
  before(async () => {
    plain = await plainNats(nats.url);
  });
  afterEach(() => plain.clear());
  after(() => plain[Symbol.asyncDispose]());

  it('reach the handler as they were, whatever JSON can say, and nothing is pending then', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const received = new Collected<unknown>();
    bus.values.anything.listen(({ value }) => received.add(value), { listenerName: 'all' });
    await using worker = await bus.client.startWorker();
    for (const value of JSON_VALUES) await bus.values.anything.fire({ value });

    expect(await received.count(JSON_VALUES.length)).to.deep.equal(JSON_VALUES);
    await worker.stop();
    const durable = await plain.manager.consumers.info('lightbus-values', 'test-service--all--anything');
    expect(durable).to.include({ num_pending: 0, num_ack_pending: 0, num_redelivered: 0 });
  });

  it('become what JSON makes of them', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const sparse = [1, 2, 3];
    delete sparse[1];
    const cases: readonly (readonly [given: unknown, sent: unknown])[] = [
      [new Date(0), '1970-01-01T00:00:00.000Z'],
      [{ a: undefined, b: 1 }, { b: 1 }],
      [
        [undefined, new Date(0)],
        [null, '1970-01-01T00:00:00.000Z'],
      ],
      [sparse, [1, null, 3]],
      // Printed with an exponent, so that no reader takes its digits for exact.
      [2 ** 80, 2 ** 80],
      [{ toJSON: () => 'itself' }, 'itself'],
      [
        new (class Point {
          x = 1;
          get y() {
            return 2;
          }
        })(),
        { x: 1 },
      ],
      [Object.assign(Object.create(null), { bare: true }), { bare: true }],
      [new URL('http://example.com/'), 'http://example.com/'],
    ];
    for (const [value, sent] of cases) {
      const { parameters, nativeId } = await bus.values.anything.fire({ value });
      const stored = await plain.stored('lightbus-values', nativeId.sequence);
      expect(JSON.parse(stored.body.toString())).to.deep.equal({ value: sent });
      expect(parameters).to.deep.equal({ value: sent });
    }
  });

  it('are validated as what JSON makes of them', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const at = new Date(0) as unknown as string;
    expect((await bus.values.measured.fire({ amount: 1, at })).parameters.at).to.equal('1970-01-01T00:00:00.000Z');

    const error = await errorOf(bus.values.measured.fire({ amount: new Date(0) as unknown as number }));
    expect(error).to.be.instanceOf(ValidationError);
    expect(error.message).to.equal(
      'Event values.measured has parameters that do not fit its schema: amount must be number, is "1970-01-01T00:00:00.000Z"',
    );
  });

  it('are refused where JSON would destroy them without a word, with the place and a remedy', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const cases: readonly (readonly [value: unknown, what: string])[] = [
      [Number.NaN, 'NaN, which JSON cannot keep; send null or text'],
      [Number.NEGATIVE_INFINITY, '-Infinity, which'],
      [new Map([[1, 2]]), 'an object of Map, which JSON cannot keep; send an object (Object.fromEntries) or an array'],
      [new Set([1]), 'an object of Set, which JSON cannot keep; send an array of its members'],
      [Promise.resolve(1), 'an object of Promise, which JSON cannot keep; await it first'],
      [/a/, 'an object of RegExp, which'],
      [new Error('boom'), 'an object of Error, which JSON cannot keep; send its message as text'],
      [new ArrayBuffer(1), 'an object of ArrayBuffer, which JSON cannot keep; send its bytes as base64'],
      [new Uint8Array(1), 'an object of Uint8Array, which'],
      [Buffer.from('a'), 'an object of Buffer, which'],
      [() => 1, 'a function, which JSON cannot keep; send a value that JSON has'],
      [Symbol('s'), 'Symbol(s), which'],
      [Object(Symbol('s')), 'an object of Symbol, which'],
      [Object(1n), 'an object of BigInt, which'],
      [10n, '10n, which JSON cannot keep; send its digits as text, or declare the parameter as Parameter.bigint()'],
      [2 ** 53, '9007199254740992, which JSON cannot keep; send its digits as text'],
    ];
    for (const [value, what] of cases) {
      const error = await errorOf<ValidationError>(bus.values.anything.fire({ value: { list: [0, value] } }));
      expect(error, what).to.be.instanceOf(ValidationError);
      expect(error.message).to.include(
        `Event values.anything cannot be fired: the body cannot be written as JSON: value.list[1] is ${what}`,
      );
      expect(error.issues[0]).to.include({ path: '/value/list/1', keyword: 'json' });
    }
    // A schema that admits numbers admits these.
    expect(await bus.values.measured.fire({ amount: 2 ** 53 })).to.include({ duplicate: false });
  });

  it('are refused if they are not JSON, cyclic, too deep or reach a prototype', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    let deep: unknown = 0;
    for (let level = 0; level < 100; level++) deep = [deep];
    let deeper: unknown = 0;
    for (let level = 0; level < 100_000; level++) deeper = [deeper];
    const cases: readonly (readonly [value: unknown, message: RegExp])[] = [
      [cycle, /the body cannot be written as JSON: .*circular/],
      [deep, /the body is nested more than 100 levels deep/],
      [deeper, /the body (is nested more than 100 levels deep|cannot be written as JSON)/],
      [
        JSON.parse('{"__proto__": {"admin": true}}'),
        /the body has a key "__proto__", which reaches an object's prototype/,
      ],
      [[{ deep: { constructor: 1 } }], /the body has a key "constructor"/],
      [{ prototype: {} }, /the body has a key "prototype"/],
      [
        {
          toJSON: () => {
            throw new Error('no');
          },
        },
        /the body cannot be written as JSON: no/,
      ],
      [
        {
          get broken() {
            throw new TypeError('getter');
          },
        },
        /the body cannot be written as JSON: getter/,
      ],
    ];
    for (const [value, message] of cases) {
      const error = await errorOf<ValidationError>(bus.values.anything.fire({ value }));
      expect(error, String(message)).to.be.instanceOf(ValidationError);
      expect(error.message)
        .to.match(/^Event values\.anything cannot be fired: /)
        .and.match(message);
      expect(error.issues).to.have.length(1);
    }
    expect(await plain.all('lightbus-values')).to.deep.equal([]);
  });

  it('may be as deep as 100 levels, the parameters themselves included', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    let value: unknown = 0;
    for (let level = 0; level < 99; level++) value = [value];
    expect(await bus.values.anything.fire({ value })).to.include({ duplicate: false });
  });

  it('that are not an object of parameters are refused, naming what was given', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const fire = bus.auth.user_deleted.fire as (given: unknown) => Promise<unknown>;
    for (const [given, what] of [
      ['adam', 'a string'],
      [7, 'a number'],
      [null, 'null'],
      [['adam'], 'an array'],
      [() => 1, 'a function'],
    ] as const) {
      const error = await errorOf(fire(given));
      expect(error).to.be.instanceOf(InvalidEventArguments);
      expect(error.message).to.equal(
        `Event auth.user_deleted was fired with ${what}; give its parameters by name: { username }`,
      );
    }
    expect((await errorOf(fire(undefined))).message).to.match(/is missing parameter "username"/);
  });

  it('give an error that lists each broken rule, with parameter, rule and shortened value', async () => {
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const error = await errorOf<ValidationError>(
      bus.values.measured.fire({
        amount: 'much'.repeat(100) as unknown as number,
        at: 'tomorrow',
        tags: ['hot', 'warm' as 'hot'],
        place: { city: 'Bonn', zip: 53.5 },
      }),
    );

    expect(error).to.be.instanceOf(ValidationError);
    expect(error.issues.map(({ path, keyword }) => `${path} ${keyword}`)).to.include.members([
      '/amount type',
      '/at format',
      '/place/zip type',
    ]);
    expect(error.message).to.match(/^Event values\.measured has parameters that do not fit its schema: /);
    expect(error.message).to.match(/amount must be number, is "much[much]*\.\.\./);
    expect(error.message).to.match(/at must match format "date-time", is "tomorrow"/);
    expect(error.message).to.match(/place\.zip must be integer, is 53\.5/);
    expect(error.message.length).to.be.below(1000);
  });

  it('keep wrong names and wrong values apart', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const fire = bus.auth.user_updated.fire as (given: object) => Promise<unknown>;

    const names = await errorOf(fire({ username: 'adam', mail: 'no address' }));
    expect(names).to.be.instanceOf(InvalidEventArguments);
    expect(names.message).to.equal(
      'Event auth.user_updated is missing parameter "new_email" and has no parameter "mail"; it takes { username, new_email, is_admin? }',
    );
    const values = await errorOf(fire({ username: 'adam', new_email: 'no address' }));
    expect(values).to.be.instanceOf(ValidationError);
    expect(values.message).to.match(/new_email must match format "email", is "no address"$/);
  });
});

describe('an event that is too large', () => {
  it('is refused by what the server takes less what a dead letter needs, and one that just fits is stored', async () => {
    await using nats = await startNats({ config: 'max_payload: 64KB' });
    await using bus = create({ ...settings(nats.url), apis: [ValuesApi] });
    const error = await errorOf<ValidationError>(bus.values.anything.fire({ value: 'x'.repeat(48 * 1024) }));

    expect(error).to.be.instanceOf(ValidationError);
    expect(error.issues[0]).to.include({ keyword: 'maxPayload' });
    expect(error.message).to.match(
      /^Event values\.anything is too large: it has \d+ bytes with its headers, and 49152 fit .*max_payload of 65536.*send a reference to it$/,
    );
    const size = Number(/has (\d+) bytes/.exec(error.message)?.[1]);
    const fits = 'x'.repeat(48 * 1024 - (size - 49152));
    expect(await bus.values.anything.fire({ value: fits })).to.include({ duplicate: false });
    expect(await errorOf(bus.values.anything.fire({ value: `${fits}x` }))).to.be.instanceOf(ValidationError);
  });
});
