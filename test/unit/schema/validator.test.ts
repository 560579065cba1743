import { expect } from 'chai';
import { Type } from 'typebox';
import { shorten, ValidatorFactory } from '../../../lib/schema/validator.js';

/** A validator of parameters with these schemas, all of them required. */
const validatorOf = (properties: Record<string, object>) =>
  new ValidatorFactory().compile({ type: 'object', properties, required: Object.keys(properties) });

describe('a validator', () => {
  it('has nothing to say of values that fit', () => {
    const validate = validatorOf({ name: Type.String(), at: Type.String({ format: 'date-time' }), any: {} });
    for (const any of [null, 1, 'x', [], {}, false]) {
      expect(validate({ name: 'adam', at: '2020-01-01T00:00:00Z', any })).to.equal(undefined);
    }
  });

  it('lists every rule that is broken, each with place, keyword and value', () => {
    const validate = validatorOf({
      name: Type.String({ minLength: 3 }),
      address: Type.Object({ city: Type.String(), zips: Type.Array(Type.Integer()) }),
    });
    expect(validate({ name: 'ab', address: { city: 7, zips: [1, 'x'] } })).to.deep.equal([
      { path: '/name', keyword: 'minLength', message: 'name must NOT have fewer than 3 characters, is "ab"' },
      { path: '/address/city', keyword: 'type', message: 'address.city must be string, is 7' },
      { path: '/address/zips/1', keyword: 'type', message: 'address.zips.1 must be integer, is "x"' },
    ]);
  });

  it('names what is missing, what is allowed, and what is too much further down', () => {
    const validate = validatorOf({
      size: { enum: ['s', 'm', 'l'] },
      box: { type: 'object', additionalProperties: false, properties: { w: { type: 'number' } } },
    });
    expect(validate({})?.map(({ message }) => message)).to.deep.equal([
      "parameters must have required property 'size', is {}",
      "parameters must have required property 'box', is {}",
    ]);
    expect(validate({ size: 'xl', box: { h: 1 } })?.map(({ message }) => message)).to.deep.equal([
      'size must be equal to one of the allowed values (["s","m","l"]), is "xl"',
      'box must NOT have additional properties ("h"), is {"h":1}',
    ]);
  });

  it('lets parameters through that the schema does not know, and leaves all as they were', () => {
    const validate = validatorOf({ name: Type.String(), size: { type: 'number', default: 1 } });
    const parameters = Object.freeze({ name: 'adam', size: 2, more: 'new' });
    expect(validate(parameters)).to.equal(undefined);
    expect(validate({ name: 'adam', size: '2' })?.[0]?.message).to.equal('size must be number, is "2"');
  });

  it('checks formats, of which a date is one', () => {
    const cases = {
      email: 'nowhere',
      uuid: '123',
      uri: 'not a uri',
      date: '2020-13-01',
      'date-time': 'yesterday',
      ipv4: '1.2.3',
    };
    for (const [format, value] of Object.entries(cases)) {
      const issues = validatorOf({ value: { type: 'string', format } })({ value });
      expect(issues?.[0], format).to.include({ keyword: 'format' });
      expect(issues?.[0]?.message).to.equal(`value must match format "${format}", is "${value}"`);
    }
  });

  it('says no more than twenty things at once, and no value at length', () => {
    const validate = validatorOf({ list: Type.Array(Type.Integer()) });
    const issues = validate({ list: Array.from({ length: 1000 }, () => 'x'.repeat(1000)) });
    expect(issues).to.have.length(20);
    for (const { message } of issues ?? []) expect(message.length).to.be.below(150);
  });
});

describe('a value in an error', () => {
  it('is JSON, cut off where it is long', () => {
    expect(shorten({ a: 1 })).to.equal('{"a":1}');
    expect(shorten('x'.repeat(100))).to.equal(`"${'x'.repeat(56)}...`);
    expect(shorten(undefined)).to.equal('undefined');
  });
});
