import { expect } from 'chai';
import type { Delivery, Source } from '../../../lib/broker/broker.js';
import { KeyOrder } from '../../../lib/delivery/scheduling/key-order.js';
import { PendingDelivery } from '../../../lib/delivery/scheduling/pending-delivery.js';

/** A delivery that is only passed on here. */
function held(): PendingDelivery {
  return new PendingDelivery({ deliveries: 1 } as Delivery, {} as Source, 0);
}

describe('the order of a key', () => {
  it('let one delivery of each key through, and others of that key when it has left, in order', () => {
    const keys = new KeyOrder();
    const [a1, a2, a3, b1] = [held(), held(), held(), held()];
    expect([keys.enter(a1, 'a'), keys.enter(a2, 'a'), keys.enter(b1, 'b'), keys.enter(a3, 'a')]).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
    expect([a1, a2, a3, b1].map(({ stage }) => stage)).to.deep.equal(['ready', 'blocked', 'blocked', 'ready']);
    expect(keys.leave(a1)).to.equal(a2);
    expect(a2.stage).to.equal('ready');
    expect(keys.leave(b1)).to.equal(undefined);
    expect(keys.leave(a2)).to.equal(a3);
    expect(keys.leave(a3)).to.equal(undefined);
    expect(keys.enter(held(), 'a'), 'a key of which nothing is left').to.equal(true);
  });

  it('pass by what has no key', () => {
    const keys = new KeyOrder();
    const keyless = held();
    expect(keys.leave(keyless)).to.equal(undefined);
    expect(keys.headOf(keyless)).to.equal(undefined);
    expect(keys.behind(keyless)).to.equal(0);
  });

  it('tell what a delivery waits behind, and how many wait behind it', () => {
    const keys = new KeyOrder();
    const [first, second, third] = [held(), held(), held()];
    for (const each of [first, second, third]) keys.enter(each, 'a');
    expect(keys.headOf(third)).to.equal(first);
    expect([keys.behind(first), keys.behind(second)]).to.deep.equal([2, 0]);
    keys.leave(first);
    expect(keys.headOf(third)).to.equal(second);
    expect(keys.behind(second)).to.equal(1);
  });

  it('are free again when the first of a key was given back, with all behind it', () => {
    const keys = new KeyOrder();
    const [first, second] = [held(), held()];
    keys.enter(first, 'a');
    keys.enter(second, 'a');
    expect(keys.keep(() => false)).to.deep.equal([]);
    const next = held();
    expect(keys.enter(next, 'a')).to.equal(true);
    expect(keys.leave(first), 'a late end of what was given back').to.equal(undefined);
    expect(keys.headOf(next)).to.equal(next);
  });

  it('let what is kept go on without what it waited behind, and never what was given back', () => {
    const keys = new KeyOrder();
    const [a1, a2, b1, b2, b3] = [held(), held(), held(), held(), held()];
    for (const each of [a1, a2]) keys.enter(each, 'a');
    for (const each of [b1, b2, b3]) keys.enter(each, 'b');
    expect(keys.keep((each) => [a2, b1, b3].includes(each))).to.deep.equal([a2]);
    expect(a2.stage).to.equal('ready');
    expect(keys.leave(a2)).to.equal(undefined);
    expect(keys.leave(b1)).to.equal(b3);
  });
});
