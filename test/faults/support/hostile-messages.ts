import fc from 'fast-check';
import type { RawMessage } from './raw-client.js';

const text = (string: string) => Buffer.from(string, 'utf8');

/** A body that asks for trouble; now and then one that is fine. */
const body: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.constant(new Uint8Array()),
  // Bytes that begin a character and do not end it, overlong ones, surrogates, and a cut in the middle.
  fc
    .tuple(fc.constantFrom('c3', 'e282', 'f09f98', 'c080', 'eda080', 'f8888080', 'ff'), fc.boolean())
    .map(([broken, inside]) =>
      Buffer.concat([text('{"n":1,"text":"'), Buffer.from(broken, 'hex'), text(inside ? '"}' : '')]),
    ),
  fc.json({ maxDepth: 6 }).map(text),
  fc
    .record({ n: fc.jsonValue(), text: fc.jsonValue(), list: fc.jsonValue() })
    .map((value) => text(JSON.stringify(value))),
  fc.record({ n: fc.integer(), text: fc.string({ unit: 'binary' }) }).map((value) => text(JSON.stringify(value))),
  fc
    .tuple(fc.constantFrom('[', '{"a":', '{"n":[', '[{"list":'), fc.nat(20_000), fc.boolean())
    .map(([open, depth, close]) => text(nest(open, depth, close))),
  fc
    .constantFrom('1e999', '-1e999', '9'.repeat(5000), `0.${'0'.repeat(5000)}1`, '1e-999999999', '-0', 'NaN', '0x10')
    .map((number) => text(`{"n":${number},"text":""}`)),
  fc
    .tuple(fc.constantFrom('__proto__', 'constructor', 'prototype', '\\u005f_proto__', 'toString'), fc.nat(5))
    .map(([key, depth]) => text(`${'{"text":'.repeat(depth)}{"${key}":{"polluted":true}}${'}'.repeat(depth)}`)),
  { weight: 1, arbitrary: fc.nat(60_000).map((length) => text(`{"n":0,"text":"","list":[${'0,'.repeat(length)}0]}`)) },
);

function nest(open: string, depth: number, close: boolean): string {
  const closing = [...open].reverse().map((sign) => ({ '[': ']', '{': '}' })[sign] ?? '');
  return `${open.repeat(depth)}0${close ? closing.join('').repeat(depth) : ''}`;
}

const NAMES = [
  'ce-id',
  'ce-time',
  'ce-source',
  'ce-apiversion',
  'content-type',
  'lightbus-sequence',
  'lightbus-stream',
];
const name = fc.oneof(
  fc.constantFrom(...NAMES, 'CE-ID', 'Ce-Id', '__proto__', 'constructor', 'traceparent', 'Nats-Expected-Stream'),
  fc.string({ minLength: 1, maxLength: 20 }).map((string) => string.replace(/[\r\n:]/g, '_')),
);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((string) => string.replace(/[\r\n]/g, ' ')),
  fc.constantFrom('', '%', '%zz', '%00', 'NaN', '-1', '1e999', '9'.repeat(400), '99999-13-45T99:99:99Z', '\u0000'),
  fc.nat(3000).map((length) => 'x'.repeat(length)),
);
const lines = (most: number) =>
  fc
    .array(fc.tuple(name, value), { maxLength: most })
    .map((list) => list.map(([key, each]) => `${key}:${each}\r\n`).join(''));

/** Headers by the hundred, without sense, cut off, or none. */
const headers: fc.Arbitrary<Uint8Array | undefined> = fc.oneof(
  fc.constant(undefined),
  lines(5).map((block) => text(`NATS/1.0\r\n${block}\r\n`)),
  lines(300).map((block) => text(`NATS/1.0\r\n${block}\r\n`)),
  fc.nat(2000).map((count) => text(`NATS/1.0\r\n${'a:b\r\n'.repeat(count)}\r\n`)),
  fc
    .constantFrom('NATS/1.0 409 Consumer Deleted\r\n\r\n', 'NATS/1.0 503\r\n\r\n', 'NATS/1.0\r\n', 'NATS/1.0')
    .map(text),
  fc.constantFrom('NATS/1.0\r\nno colon\r\n\r\n', 'NATS/1.0\r\n: no name\r\n\r\n', 'NATS/1.0\n\na:b\r\n\r\n').map(text),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
);

const token = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12 }).map((string) => string.replace(/[\s.]/g, '_')),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).map((string) => string.replace(/[\s.]|\p{C}/gu, '_')),
    fc.constantFrom('*', '$', '__proto__', 'constructor', '%', 'x'.repeat(200)),
  )
  // No wildcard matches this one, says the server, though it is stored.
  .map((each) => (each === '>' ? '_' : each));

/** Where the server's word on the storing is to go: one more event, another's ack address, anywhere. */
const reply = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constantFrom('lightbus.open.typed', 'lightbus.open.another', '$JS.API.INFO', '$SYS.REQ.USER.INFO', 'a.b.c'),
  fc
    .nat(5000)
    .map(
      (sequence) =>
        `$JS.ACK.lightbus-open.hostile-service--typed--typed.1.${sequence}.${sequence}.1700000000000000000.0`,
    ),
  fc.constantFrom('$JS.ACK', '$JS.ACK.lightbus-open', `$JS.ACK.${'1.'.repeat(30)}1`, 'y'.repeat(900)),
);

/** One message from somebody who means no good, to an API `open` with an event `typed`. */
export const hostileMessage: fc.Arbitrary<RawMessage> = fc.record({
  subject: fc.oneof(
    { weight: 6, arbitrary: fc.constant('lightbus.open.typed') },
    { weight: 1, arbitrary: token.map((event) => `lightbus.open.${event}`) },
  ),
  reply,
  headers,
  body,
});
