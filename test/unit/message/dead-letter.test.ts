import { expect } from 'chai';
import { encodeDeadLetter, type GivenUp } from '../../../lib/message/dead-letter.js';
import { parseHeaders } from '../../../lib/message/headers.js';
import { originOf } from '../../../lib/message/replay.js';

const HEADROOM = 16 * 1024;

function givenUp(changes: Partial<GivenUp> = {}): GivenUp {
  return {
    id: 'service--listener--event:lightbus-auth:7:1700000000000000001',
    subject: 'lightbus_dead_letters.service.listener.auth.event',
    body: Buffer.from('{"a":1}'),
    headers: { 'ce-id': 'x', 'nats-msg-id': 'event:x', 'lightbus-stream': 'forged', 'x-mine': 'kept' },
    origin: { subject: 'lightbus.auth.event', stream: 'lightbus-auth', sequence: 7, timestamp: '1700000000000000001' },
    error: { name: 'TypeError', message: 'broken', stack: 'TypeError: broken\n    at line 1' },
    attempts: 3,
    firstAt: new Date(0),
    lastAt: new Date(1000),
    process: 'host-1',
    ...changes,
  };
}

describe('a dead letter', () => {
  it('has the body and the headers of the event, and why it was given up', () => {
    const { headers, body } = encodeDeadLetter(givenUp(), 1_000_000);

    expect(Buffer.from(body).toString()).to.equal('{"a":1}');
    expect({ ...parseHeaders(headers) }).to.deep.equal({
      'ce-id': 'x',
      'x-mine': 'kept',
      'nats-msg-id': 'service--listener--event:lightbus-auth:7:1700000000000000001',
      'lightbus-stream': 'lightbus-auth',
      'lightbus-sequence': '7',
      'lightbus-timestamp': '1700000000000000001',
      'lightbus-error-name': 'TypeError',
      'lightbus-error-message': 'broken',
      'lightbus-error-stack': 'TypeError:%20broken%0A%20%20%20%20at%20line%201',
      'lightbus-attempts': '3',
      'lightbus-first-at': '1970-01-01T00:00:00.000Z',
      'lightbus-last-at': '1970-01-01T00:00:01.000Z',
      'lightbus-process': 'host-1',
    });
  });

  it('is a valid block of headers, whatever the error and the event’s headers hold', () => {
    const nasty = 'a\r\nNats-Rollup: all\r\n\r\n\u0000 é \ud800 🚌 "%';
    const letter = givenUp({
      error: { name: nasty, message: nasty, stack: nasty },
      headers: { 'x-nasty': nasty, 'bad name': 'x', 'bad:name': 'x', '': 'x', é: 'x', 'nats-rollup': 'all' },
    });
    const text = Buffer.from(encodeDeadLetter(letter, 1_000_000).headers).toString('latin1');

    expect(text).to.match(/^NATS\/1\.0\r\n([!-9;-~]+: [\x20-\x7e\x80-\xff]*\r\n)+\r\n$/);
    const names = Object.keys(parseHeaders(Buffer.from(text, 'latin1')));
    expect(names.filter((name) => !/^(lightbus-|nats-msg-id$)/.test(name))).to.deep.equal(['x-nasty']);
  });

  it(`takes at most ${HEADROOM} bytes more than the event, so that whatever was fired fits`, () => {
    const worst = '\u0000'.repeat(100_000);
    const letter = givenUp({
      id: `${'d'.repeat(200)}:${'s'.repeat(255)}:${Number.MAX_SAFE_INTEGER}:${'9'.repeat(20)}`,
      headers: {},
      origin: { ...givenUp().origin, stream: 's'.repeat(255), sequence: Number.MAX_SAFE_INTEGER },
      error: { name: worst, message: worst, stack: worst },
      process: '%'.repeat(200),
    });
    const { headers } = encodeDeadLetter(letter, 1_000_000);

    expect(headers.length).to.be.below(HEADROOM);
    expect(parseHeaders(headers)['lightbus-error-message']).to.match(/%E2%80%A6$/);
  });

  it('that does not fit loses the event’s headers first, then the end of its body, and says so', () => {
    const large = givenUp({ headers: { 'x-large': 'y'.repeat(3000) }, body: Buffer.from('{"a":"b"}'.padEnd(2000)) });
    const withoutHeaders = encodeDeadLetter(large, 4000);
    expect(withoutHeaders.body).to.deep.equal(large.body);
    expect(parseHeaders(withoutHeaders.headers))
      .to.include({ 'lightbus-truncated': 'true' })
      .and.not.have.property('x-large');

    const cut = encodeDeadLetter(large, 1500);
    expect(cut.headers.length + cut.body.length).to.equal(1500);
    expect(large.body.subarray(0, cut.body.length)).to.deep.equal(cut.body);
  });
});

describe('the origin of a copy', () => {
  const copy = {
    subject: 'lightbus_replays.service.listener.my_company.auth.event',
    stream: 'lightbus_replays',
    sequence: 3,
    timestamp: '1700000000000000009',
  };

  it('is what the headers say, and the event that its subject names', () => {
    const headers = {
      'lightbus-stream': 'lightbus-auth',
      'lightbus-sequence': '7',
      'lightbus-timestamp': '1700000000000000001',
    };
    expect(originOf(headers, copy)).to.deep.equal({
      subject: 'lightbus.my_company.auth.event',
      stream: 'lightbus-auth',
      sequence: 7,
      timestamp: '1700000000000000001',
    });
  });

  it('is the copy’s own place where the headers say nothing, or rubbish', () => {
    const own = { ...copy, subject: 'lightbus.my_company.auth.event' };
    expect(originOf({}, copy)).to.deep.equal(own);
    for (const rubbish of ['', '-1', '1.5', 'x', '1e999']) {
      const headers = { 'lightbus-sequence': rubbish, 'lightbus-timestamp': rubbish, 'lightbus-stream': '' };
      expect(originOf(headers, copy), rubbish).to.deep.equal(own);
    }
  });
});
