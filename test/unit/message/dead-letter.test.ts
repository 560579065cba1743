import { expect } from 'chai';
import { encodeDeadLetter, type GivenUp } from '../../../lib/message/dead-letter.js';
import { parseHeaders } from '../../../lib/message/headers.js';
import { decodeDeadLetter, encodeReplay } from '../../../lib/message/stored-dead-letter.js';

const SUBJECT = 'lightbus_dead_letters.price-monitor.send_alerts.my_company.auth.user_created';
const LARGEST = 1_048_576;

function givenUp(changes: Partial<GivenUp> = {}): GivenUp {
  return {
    id: 'price-monitor--send_alerts--user_created:lightbus-auth:7:1700000000000000000',
    subject: SUBJECT,
    body: Buffer.from('{"username":"adam"}'),
    headers: parseHeaders(
      Buffer.from('NATS/1.0\r\nce-id: 1%20a\r\nNats-Msg-Id: x\r\nX-City: Zürich\r\nlightbus-old: y\r\n\r\n'),
    ),
    origin: {
      subject: 'lightbus.my_company.auth.user_created',
      stream: 'lightbus-auth',
      sequence: 7,
      timestamp: '1700000000000000000',
    },
    error: { name: 'TypeError', message: 'first line\r\nsecond line\0 ü', stack: 'TypeError: first line\n    at x' },
    attempts: 3,
    firstAt: new Date(1_700_000_000_000),
    lastAt: new Date(1_700_000_005_000),
    process: 'host-1',
    ...changes,
  };
}

/** A dead letter as the server would hand it back. */
function stored(letter: GivenUp, largest = LARGEST, sequence = 42) {
  const { subject, headers, body } = encodeDeadLetter(letter, largest);
  const timestamp = '1700000005500000000';
  return {
    subject,
    body,
    size: headers.length + body.length,
    stream: 'lightbus_dead_letters',
    sequence,
    timestamp,
    headers: () => parseHeaders(headers),
  };
}

describe('A dead letter', () => {
  it('says all that was known when the event was given up, whatever the error held', () => {
    expect(decodeDeadLetter(stored(givenUp()))).to.deep.equal({
      sequence: 42,
      id: 'price-monitor--send_alerts--user_created:lightbus-auth:7:1700000000000000000',
      service: 'price-monitor',
      listener: 'send_alerts',
      api: 'my_company.auth',
      event: 'user_created',
      error: givenUp().error,
      attempts: 3,
      firstAt: new Date(1_700_000_000_000),
      lastAt: new Date(1_700_000_005_000),
      process: 'host-1',
      nativeId: { stream: 'lightbus-auth', sequence: 7 },
      truncated: false,
    });
  });

  it('keeps the body and the headers of the event, but those that the server or an earlier copy would act upon', () => {
    const kept = stored(givenUp());
    expect(Buffer.from(kept.body).toString()).to.equal('{"username":"adam"}');
    expect(kept.headers()).to.include({ 'ce-id': '1%20a', 'x-city': 'Zürich' });
    expect(kept.headers()['nats-msg-id']).not.to.equal('x');
    expect(kept.headers()).not.to.have.property('lightbus-old');
  });

  it('cuts the texts of an error to four kilobytes, between characters', () => {
    const { error } = decodeDeadLetter(
      stored(givenUp({ error: { name: 'n'.repeat(9999), message: 'ü'.repeat(9999), stack: '😀'.repeat(9999) } })),
    );
    const bytes = Buffer.byteLength(error.name + error.message + error.stack);
    expect(bytes).to.be.within(3000, 4400);
    expect(error.message).to.match(/^ü+…$/);
    expect(error.stack).to.match(/^(😀)+…$/u);
  });

  it('of an event that does not fit keeps what fits, and says so', () => {
    const kept = stored(givenUp({ body: Buffer.alloc(20_000, 'x') }), 16_384);
    expect(kept.size).to.equal(16_384);
    expect(decodeDeadLetter(kept)).to.deep.include({
      truncated: true,
      nativeId: { stream: 'lightbus-auth', sequence: 7 },
    });
    expect(kept.headers()).not.to.have.property('x-city');
  });

  it('that is none of ours is read all the same', () => {
    const at = { stream: 'lightbus_dead_letters', sequence: 9, timestamp: '1700000005500000000' };
    const headers = {
      'lightbus-attempts': '-1',
      'lightbus-first-at': 'never',
      'lightbus-sequence': '1e99',
      'lightbus-error-stack': '%'.repeat(99_999),
    };
    const letter = decodeDeadLetter({ ...at, subject: 'lightbus_dead_letters.x', headers: () => headers });
    expect(letter).to.deep.include({
      id: 'lightbus_dead_letters:9',
      service: 'x',
      listener: '',
      api: '',
      event: '',
      attempts: 0,
    });
    expect(letter.nativeId).to.deep.equal({ stream: 'lightbus_dead_letters', sequence: 9 });
    expect(letter.firstAt).to.deep.equal(new Date(1_700_000_005_500));
    expect(letter.error.stack).to.have.length(4096);
  });

  it('is replayed as the event was, under an id of its own that is the same each time', () => {
    const kept = stored(givenUp());
    const replay = encodeReplay({
      subject: 'lightbus_replays.price-monitor.send_alerts.my_company.auth.user_created',
      letter: kept,
      origin: givenUp().origin,
      event: { headers: kept.headers(), body: kept.body },
    });
    expect(Object.entries(parseHeaders(replay.headers))).to.have.deep.members([
      ['ce-id', '1%20a'],
      ['x-city', 'Zürich'],
      ['nats-msg-id', 'replay:42:1700000005500000000'],
      ['lightbus-stream', 'lightbus-auth'],
      ['lightbus-sequence', '7'],
      ['lightbus-timestamp', '1700000000000000000'],
    ]);
    expect(replay.body).to.deep.equal(kept.body);
  });
});
