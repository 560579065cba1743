import { expect } from 'chai';
import { hintAbout } from '../../../lib/message/body-hint.js';

const cloudEvent = JSON.stringify({ specversion: '1.0', type: 'user', source: '/auth', id: '1', data: {} });

describe('a hint about a body that no listener can take', () => {
  for (const [what, body, headers, hint] of [
    ['nothing', '', {}, /is empty; .* is \{\}/],
    ['a byte order mark', '\ufeff{"a":1}', {}, /byte order mark/],
    ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), {}, /is UTF-16/],
    ['UTF-16, the other way round', Buffer.from([0xfe, 0xff, 0, 0x7b]), {}, /is UTF-16/],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), {}, /compressed with gzip/],
    ['a content encoding', 'x', { 'content-encoding': 'br' }, /content-encoding is "br"/],
    ['a structured CloudEvent', cloudEvent, {}, /CloudEvent in structured mode/],
    ['one by its header', '{}', { 'content-type': 'application/cloudevents+json' }, /structured mode/],
    ['a batch of them', '[]', { 'content-type': 'application/cloudevents-batch+json' }, /structured mode/],
    [
      'another content type',
      'x',
      { 'content-type': 'application/protobuf' },
      /content-type is "application\/protobuf"/,
    ],
    [
      'a hostile header',
      'x',
      { 'content-type': '\u001b[31m'.repeat(99) },
      /^its header content-type is ".{0,400}\.\.\."/,
    ],
  ] as const) {
    it(`says what ${what} seems to be`, () => {
      expect(hintAbout(Buffer.from(body as string), headers)).to.match(hint);
    });
  }

  for (const [what, body, headers] of [
    ['JSON', '{"a":1}', {}],
    ['no JSON', '{', {}],
    ['null', 'null', {}],
    ['JSON that says so', '{}', { 'content-type': 'application/json; charset=utf-8' }],
    ['JSON of a vendor', '{}', { 'content-type': 'application/vnd.mine+json', 'content-encoding': 'utf-8' }],
    ['a parameter named specversion', '{"specversion":"1.0"}', {}],
  ] as const) {
    it(`says nothing about ${what}`, () => {
      expect(hintAbout(Buffer.from(body), headers)).to.equal(undefined);
    });
  }
});
