// Schemas as others publish them, with the values that they are meant to accept and to refuse.
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { compile } from 'json-schema-to-typescript';
import { COLLECTIONS } from '../../fixtures/schemas/collections.js';
import { GENERATORS } from '../../fixtures/schemas/generators.js';
import { SPECIFICATIONS } from '../../fixtures/schemas/specifications.js';
import { contractOf, exportOf } from './support.js';

const FIXTURES = [...SPECIFICATIONS, ...GENERATORS, ...COLLECTIONS];

describe('a public schema', () => {
  it('is one of at least sixty', () => {
    expect(FIXTURES).to.have.length.of.at.least(60);
  });

  for (const { from, schema, valid, invalid } of FIXTURES) {
    it(`accepts and refuses what it is meant to: ${from}`, () => {
      const contract = contractOf(schema);
      for (const value of valid) contract.validateReceived({ value });
      for (const value of invalid) {
        expect(() => contract.validateReceived({ value }), JSON.stringify(value)).to.throw('do not fit its schema');
      }
    });

    it(`is exported so that others read the same: ${from}`, async () => {
      const exported = exportOf(schema);
      const options = { strict: false, logger: false, validateFormats: false, multipleOfPrecision: 6 } as const;
      const reader = String(exported.$schema).includes('2020-12') ? new Ajv2020(options) : new Ajv(options);
      const validate = reader.compile(exported);
      for (const value of valid) expect(validate({ value }), JSON.stringify(value)).to.equal(true);
      for (const value of invalid.filter((each) => !isAboutFormats(schema, each))) {
        expect(validate({ value }), JSON.stringify(value)).to.equal(false);
      }
      expect(await compile(structuredClone(exported) as never, 'Parameters')).to.include('value');
    });
  }
});

/** Formats are left out of the second reading, because which ones a reader knows is its own business. */
function isAboutFormats(schema: object, value: unknown): boolean {
  const withoutFormats = JSON.parse(JSON.stringify(schema, (key, item) => (key === 'format' ? undefined : item)));
  try {
    contractOf(withoutFormats).validateReceived({ value });
    return true;
  } catch {
    return false;
  }
}
