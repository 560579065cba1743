// A schema means here, and to whoever reads its export, what it means in its own library.
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { hasListForObject, hasLongText, shape, values } from '../../fixtures/schemas/shapes.js';
import { WRITERS } from '../../fixtures/schemas/writers.js';
import { accepts, contractOf, exportOf } from './support.js';

const SEED = Number(process.env.FAST_CHECK_SEED ?? Date.now() % 2 ** 31);
const RUNS = process.env.FAULTS === 'full' ? 2000 : 100;
const READER = { strict: false, logger: false } as const;

const pair = shape.chain((of) => values(of).map((candidates) => ({ of, candidates })));

for (const { library, write } of WRITERS) {
  describe(`A generated schema of ${library} (seed ${SEED})`, function () {
    this.timeout('5m');

    it('accepts what its library accepts, here and where its export is read', () => {
      fc.assert(
        fc.property(pair, ({ of, candidates }) => {
          const written = write(of);
          const contract = contractOf(written.schema);
          const exported = exportOf(written.schema);
          const read = readerOf(exported);
          for (const value of candidates) {
            if (library === 'Effect 4' && hasLongText(of)) continue;
            if (/Valibot|ArkType/.test(library) && hasListForObject(of, value)) continue;
            const verdict = written.accepts(value);
            const what = `${JSON.stringify(value)} for ${JSON.stringify(exported)}`;
            expect(accepts(contract, value), what).to.equal(verdict);
            expect(read({ value }), `read by Ajv: ${what}`).to.equal(verdict);
          }
        }),
        { numRuns: RUNS, seed: SEED },
      );
    });
  });
}

function readerOf(exported: object): (value: unknown) => boolean {
  const is2020 = JSON.stringify(exported).includes('2020-12');
  return (is2020 ? new Ajv2020(READER) : new Ajv(READER)).compile<unknown>(exported);
}
