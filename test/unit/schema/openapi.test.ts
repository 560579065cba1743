import { expect } from 'chai';
import { accepts, contractOf, exportOf } from './support.js';

/** As docs/schemas.md shows it, with what every file has around its schemas. */
const FILE = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1.0.0' },
  paths: { '/orders': { post: { responses: { 201: { description: 'placed' } } } } },
  components: {
    schemas: {
      Money: {
        type: 'object',
        required: ['amount', 'currency'],
        properties: { amount: { type: 'string', format: 'decimal' }, currency: { type: 'string', example: 'EUR' } },
      },
      Order: {
        type: 'object',
        required: ['id', 'total'],
        properties: {
          id: { type: 'integer', format: 'int64' },
          total: { $ref: '#/components/schemas/Money' },
          note: { type: 'string', nullable: true },
        },
      },
      Unused: { type: 'string' },
    },
  },
} as const;
const ORDER = { ...FILE, $ref: '#/components/schemas/Order' } as const;
const total = { amount: '12.50', currency: 'EUR' };

describe('A schema of an OpenAPI file', () => {
  it('checks values, its references start at the root of the file', () => {
    const contract = contractOf(ORDER);
    for (const value of [
      { id: 1, total },
      { id: 1, total, note: null },
    ])
      expect(accepts(contract, value), JSON.stringify(value)).to.equal(true);
    for (const value of [
      { id: 1.5, total },
      { id: 1, total: { ...total, amount: 'x' } },
      { id: 1, total, note: 3 },
      { total },
    ])
      expect(accepts(contract, value), JSON.stringify(value)).to.equal(false);
  });

  it('is exported with the definitions that it needs, and without the rest of the file', () => {
    const exported = exportOf(ORDER);
    expect(exported.properties).to.deep.equal({ value: { $ref: '#/definitions/Order' } });
    expect(exported.definitions).to.have.all.keys('Order', 'Money');
    expect(JSON.stringify(exported)).not.to.match(/openapi|paths|components|Unused/);
  });
});
