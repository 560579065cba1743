import { expect } from 'chai';
import { createBackoff } from '../../../lib/delivery/backoff.js';
import { InvalidConfiguration } from '../../../lib/index.js';

describe('backoff', () => {
  it('takes the delays of a list, and repeats the last one', () => {
    const backoff = createBackoff(['1s', '250ms', 3], 'backoff');
    expect([1, 2, 3, 4, 100].map(backoff)).to.deep.equal([1000, 250, 3000, 3000, 3000]);
  });

  for (const given of [undefined, 'exponential'] as const) {
    it(`doubles from a second to five minutes, with up to a quarter more, for ${given}`, () => {
      const backoff = createBackoff(given, 'backoff');
      for (const [attempt, least] of [
        [1, 1000],
        [2, 2000],
        [5, 16_000],
        [9, 256_000],
        [10, 300_000],
        [5000, 300_000],
      ] as const) {
        const delays = Array.from({ length: 200 }, () => backoff(attempt));
        expect(Math.min(...delays), `least of attempt ${attempt}`).to.be.at.least(least);
        expect(Math.max(...delays), `most of attempt ${attempt}`).to.be.at.most(Math.min(least * 1.25, 300_000));
      }
      expect(new Set(Array.from({ length: 50 }, () => backoff(6))).size, 'different delays').to.be.above(1);
    });
  }

  for (const given of [['1s', 'soon'], [5000], [-1], [null], ['1s', '25d']]) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      expect(() => createBackoff(given as never, 'listener "watch": backoff')).to.throw(
        InvalidConfiguration,
        /^listener "watch": backoff/,
      );
    });
  }
});
