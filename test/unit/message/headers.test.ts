import { expect } from 'chai';
import fc from 'fast-check';
import { decodeHeaderValue, encodeHeaderValue, parseHeaders, renderHeaders } from '../../../lib/message/headers.js';

const parse = (text: string) => ({ ...parseHeaders(Buffer.from(text, 'utf8')) });

describe('header values', () => {
  it('come back as they were, whatever the text, and hold nothing that NATS would read', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodeHeaderValue(text);
        expect(encoded).to.match(/^[\x21-\x7e]*$/);
        expect(decodeHeaderValue(encoded)).to.equal(text.replace(/\p{Surrogate}/gu, '\uFFFD'));
      }),
    );
  });

  it('are encoded as CloudEvents asks: space, quote, percent and what is not printable ASCII', () => {
    expect(encodeHeaderValue('Euro € 😀')).to.equal('Euro%20%E2%82%AC%20%F0%9F%98%80');
    expect(encodeHeaderValue('a"b%c\r\nd\u007f')).to.equal('a%22b%25c%0D%0Ad%7F');
    expect(encodeHeaderValue("plain:/?#[]@!$&'()*+,;=~{}|\\^`<>")).to.equal("plain:/?#[]@!$&'()*+,;=~{}|\\^`<>");
    expect(encodeHeaderValue('\ud800x\udc00')).to.equal('%EF%BF%BDx%EF%BF%BD');
  });

  it('that are not an encoding are taken as they stand', () => {
    for (const value of ['100%', '%E0%A4%A', '%zz', '%', 'a%2']) expect(decodeHeaderValue(value)).to.equal(value);
    expect(decodeHeaderValue('%45uro%20%E2%82%AC')).to.equal('Euro €');
  });
});

describe('a block of headers', () => {
  it('is read with names in lower case, values without spaces around them, the first of a repeated one', () => {
    expect(parse('NATS/1.0\r\nCE-Id: 1\r\nce-id:2\r\nX:  a b \r\nEmpty:\r\nTime: 10:20\r\n\r\n')).to.deep.equal({
      'ce-id': '1',
      x: 'a b',
      empty: '',
      time: '10:20',
    });
  });

  it('may be missing, cut off, or bear a status', () => {
    for (const text of [
      '',
      'NATS/1.0',
      'NATS/1.0\r\n',
      'NATS/1.0\r\n\r\n',
      'NATS/1.0 503\r\n\r\n',
      'NATS/1.0 404 No: Messages\r\n\r\n',
    ]) {
      expect(parse(text), JSON.stringify(text)).to.deep.equal({});
    }
    expect(parse('NATS/1.0\r\nA: 1\r\nB: 2')).to.deep.equal({ a: '1', b: '2' });
  });

  it('has no prototype, and takes names that reach one for names', () => {
    const headers = parseHeaders(Buffer.from('NATS/1.0\r\n__proto__: a\r\nconstructor: b\r\ntoString: c\r\n\r\n'));
    expect(Object.getPrototypeOf(headers)).to.equal(null);
    expect(Object.entries(headers)).to.deep.equal([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['tostring', 'c'],
    ]);
    expect(parseHeaders(new Uint8Array()).toString).to.equal(undefined);
  });

  it('is read whatever bytes it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const headers = parseHeaders(Buffer.concat([Buffer.from('NATS/1.0\r\n'), bytes]));
        for (const value of Object.values(headers)) expect(value).to.be.a('string').that.does.not.include('\r\n');
      }),
    );
  });

  // The square of the number of lines would be minutes; the time limit of the test runner is the assertion.
  it('is read in a time that grows with its length, not with its square', () => {
    const lines = 2_000_000;
    expect(parse(`NATS/1.0\r\n${'\r\n'.repeat(lines)}X: 1\r\n\r\n`)).to.deep.equal({ x: '1' });
    expect(parse(`NATS/1.0\r\n${'a\r\n'.repeat(lines)}X: 1\r\n\r\n`)).to.deep.equal({ x: '1' });
    expect(parse(`NATS/1.0\r\n${':\r\n'.repeat(lines)}X: 1\r\n\r\n`)).to.deep.equal({ x: '1' });
    expect(parse(`NATS/1.0\r\n${'a:\r\n'.repeat(lines)}X: 1\r\n\r\n`)).to.deep.equal({ a: '', x: '1' });
  });

  it('is what was rendered', () => {
    const block = renderHeaders([
      ['Nats-Msg-Id', 'a:1'],
      ['ce-id', '1'],
    ]);
    expect(block).to.equal('NATS/1.0\r\nNats-Msg-Id: a:1\r\nce-id: 1\r\n\r\n');
    expect(parse(block)).to.deep.equal({ 'nats-msg-id': 'a:1', 'ce-id': '1' });
  });
});
