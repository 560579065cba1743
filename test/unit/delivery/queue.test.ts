import { expect } from 'chai';
import fc from 'fast-check';
import { Queue } from '../../../lib/delivery/scheduling/queue.js';

describe('a queue', () => {
  it('gives what it was given, in order, whatever is done in between', () => {
    const steps = fc.array(fc.oneof(fc.constant('shift' as const), fc.integer(), fc.constant('drain' as const)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (acts) => {
        const queue = new Queue<{ value: number }>();
        let model: { value: number }[] = [];
        for (const act of acts) {
          if (act === 'shift') {
            expect(queue.shift()).to.equal(model.shift());
          } else if (act === 'drain') {
            expect(queue.drain()).to.deep.equal(model);
            model = [];
          } else {
            const item = { value: act };
            queue.push(item);
            model.push(item);
          }
          expect(queue.length).to.equal(model.length);
        }
      }),
    );
  });

  it('keeps its order over thousands that come and go', () => {
    const queue = new Queue<{ value: number }>();
    const out: number[] = [];
    for (let value = 0; value < 10_000; value++) {
      queue.push({ value });
      // Two in, one out: it grows, and what was taken is cut off now and then.
      if (value % 2 === 1) out.push(queue.shift()?.value ?? -1);
    }
    while (queue.length > 0) out.push(queue.shift()?.value ?? -1);
    expect(out).to.deep.equal(Array.from({ length: 10_000 }, (_, value) => value));
    expect(queue.shift()).to.equal(undefined);
  });
});
