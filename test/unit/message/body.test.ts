import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBody, encodeBody, MAX_DEPTH, MalformedBody } from '../../../lib/message/body.js';

const encodeText = (text: string) => new TextEncoder().encode(text);

/** An object that is `depth` levels deep. */
function nested(depth: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 1; level < depth; level++) value = { a: value };
  return value;
}

describe('a body', () => {
  it('comes back as it was, whatever JSON it holds', () => {
    const json = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (parameters) => {
        // What JSON makes of it is the measure: it has no -0.
        const expected = JSON.parse(JSON.stringify(parameters)) as object;
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(JSON.stringify(parameters)));
        const { text, value } = encodeBody(parameters);
        expect(decodeBody(encodeText(text))).to.deep.equal(expected);
        expect(JSON.parse(JSON.stringify(value))).to.deep.equal(expected);
      }),
    );
  });

  it('either decodes to an object or is malformed, whatever its bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary' }).map(encodeText),
      fc.json().map(encodeText),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        try {
          expect(decodeBody(body)).to.be.an('object');
        } catch (error) {
          expect(error).to.be.instanceOf(MalformedBody);
        }
      }),
    );
  });

  it('is read from its own part of a larger buffer', () => {
    const larger = encodeText('xx{"a":"é"}yy');
    expect(decodeBody(larger.subarray(2, larger.length - 2))).to.deep.equal({ a: 'é' });
  });

  it(`may be ${MAX_DEPTH} levels deep, in both directions, and no deeper`, () => {
    const just = nested(MAX_DEPTH);
    expect(decodeBody(encodeText(encodeBody(just).text))).to.deep.equal(just);
    const over = nested(MAX_DEPTH + 1);
    expect(() => encodeBody(over)).to.throw(MalformedBody, 'is nested more than 100 levels deep');
    expect(() => decodeBody(encodeText(JSON.stringify(over)))).to.throw(MalformedBody, 'is nested more than 100');
  });

  it('may hold values that look like the keys that it may not hold', () => {
    const body = { a: '__proto__', b: ['constructor', 'prototype'], _proto_: 1, Constructor: 2 };
    expect(decodeBody(encodeText(JSON.stringify(body)))).to.deep.equal(body);
  });

  it('quotes the start of what is wrong, and no more of it', () => {
    expect(() => decodeBody(encodeText('x'.repeat(10_000))))
      .to.throw(MalformedBody, 'is not JSON: "xxx')
      .with.property('message')
      .that.has.length.below(80);
  });

  it('is what the given object was, in a copy', () => {
    const plain = { a: [1, 'x', null, true, { b: {} }] };
    const encoded = encodeBody(plain);
    expect(encoded).to.deep.equal({ text: JSON.stringify(plain), value: plain });
    expect(encoded.value.a).not.to.equal(plain.a);
    const dated = { at: new Date(0) };
    expect(encodeBody(dated)).to.deep.equal({
      text: '{"at":"1970-01-01T00:00:00.000Z"}',
      value: { at: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('is not a body if JSON makes something else of the parameters than an object', () => {
    for (const toJSON of [() => 'text', () => undefined, () => [1], () => null]) {
      expect(() => encodeBody({ toJSON })).to.throw(MalformedBody, 'is not an object once it is JSON');
    }
  });
});
