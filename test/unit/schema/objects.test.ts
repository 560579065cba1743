// One schema of an object for all parameters: its properties are the parameters.
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import { expect } from 'chai';
import { Type } from 'typebox';
import { Type as Type034 } from 'typebox034';
import * as v from 'valibot';
import * as z from 'zod';
import { Parameter } from '../../../lib/definition/parameter.js';
import { InvalidConfiguration, InvalidEventArguments, ValidationError } from '../../../lib/errors.js';
import { contractOfAll, exportOfAll } from './support.js';

const OBJECTS = {
  'TypeBox 1': Type.Object({ name: Type.String(), size: Type.Optional(Type.Number()) }),
  'TypeBox 0.34': Type034.Object({ name: Type034.String(), size: Type034.Optional(Type034.Number()) }),
  'Zod 4': z.object({ name: z.string(), size: z.number().optional() }),
  Valibot: toStandardJsonSchema(v.object({ name: v.string(), size: v.optional(v.number()) })),
  ArkType: type({ name: 'string', 'size?': 'number' }),
  'JSON Schema': {
    type: 'object',
    properties: { name: { $ref: '#/$defs/text' }, size: { type: 'number' } },
    required: ['name'],
    $defs: { text: { type: 'string' } },
  },
};

describe('A schema of an object for all parameters', () => {
  for (const [library, schema] of Object.entries(OBJECTS)) {
    it(`of ${library} gives each property as a parameter`, () => {
      const contract = contractOfAll(schema);
      contract.validateFired(contract.complete({ name: 'x' }));
      contract.validateReceived({ name: 'x', size: 1, newer: true });
      expect(() => contract.complete({ size: 1 })).to.throw(InvalidEventArguments, 'it takes { name, size? }');
      expect(() => contract.complete({ name: 'x', more: 1 })).to.throw(
        InvalidEventArguments,
        'has no parameter "more"',
      );
      expect(() => contract.validateReceived({ name: 1 })).to.throw(ValidationError, 'name must be string');
      expect(exportOfAll(schema).required).to.deep.equal(['name']);
    });
  }

  const defaults = {
    'Zod 4': z.object({ size: z.number().default(3) }),
    Valibot: toStandardJsonSchema(v.object({ size: v.optional(v.number(), 3) })),
    ArkType: type({ size: 'number = 3' }),
    'JSON Schema': { type: 'object', properties: { size: { type: 'number', default: 3 } } },
  };
  for (const [library, schema] of Object.entries(defaults)) {
    it(`of ${library} keeps the defaults`, () => {
      expect(contractOfAll(schema).complete({})).to.deep.equal({ size: 3 });
      expect(contractOfAll(schema).withDefaults({})).to.deep.equal({ size: 3 });
    });
  }
});

describe('A parameter with encode and decode', () => {
  it('travels as its schema says, and is what it was for handlers', () => {
    const contract = contractOfAll({ at: Parameter.date(), bytes: Parameter.bytes(), count: Parameter.bigint() });
    const values = { at: new Date(5), bytes: new Uint8Array([1, 255]), count: 2n ** 70n };
    const wire = contract.complete(values);
    expect(wire).to.deep.equal({ at: '1970-01-01T00:00:00.005Z', bytes: 'Af8=', count: '1180591620717411303424' });
    contract.validateFired(wire);
    expect(contract.decode(wire)).to.deep.equal(values);
  });

  it('encodes its default, and hands it decoded to handlers', () => {
    const born = new Parameter(Type.String(), {
      encode: (date: Date) => date.toISOString(),
      decode: (text) => new Date(text),
      default: new Date(0),
    });
    const contract = contractOfAll({ born });
    expect(contract.complete({})).to.deep.equal({ born: '1970-01-01T00:00:00.000Z' });
    expect(contract.decode(contract.withDefaults({}))).to.deep.equal({ born: new Date(0) });
  });

  it('says which value it could not encode or decode', () => {
    const contract = contractOfAll({ at: Parameter.date(), count: Parameter.bigint() });
    expect(() => contract.complete({ at: new Date(Number.NaN), count: 1n })).to.throw(
      ValidationError,
      'at cannot be encoded',
    );
    expect(() => contract.decode({ count: 'x' })).to.throw(ValidationError, 'count cannot be decoded');
  });

  it('has both or neither', () => {
    expect(() => new Parameter(Type.String(), { encode: String } as never)).to.throw(InvalidConfiguration, 'both');
    expect(() => new Parameter(Type.String(), { encode: 1, decode: 2 } as never)).to.throw(
      InvalidConfiguration,
      'encode is',
    );
  });
});
