import { expect } from 'chai';
import { ByteBudget } from '../../../lib/broker/jetstream/consuming/byte-budget.js';

const MIB = 1024 * 1024;

describe('the bytes that may be under way on a connection', () => {
  it('are few events until their size is known, and one at least', () => {
    const share = new ByteBudget().open();
    expect(share.most()).to.equal(8);
    share.came(300);
    expect(share.most(), 'the first may be a small one').to.equal(9);
    for (let count = 0; count < 600; count++) share.came(300);
    expect(share.most()).to.equal(609);
    share.came(64 * MIB);
    expect(share.most()).to.equal(1);
  });

  it('follow larger events at once, smaller ones slowly', () => {
    const share = new ByteBudget().open();
    share.came(1000);
    for (let count = 0; count < 20; count++) share.came(MIB);
    share.came(1000);
    expect(share.most()).to.equal(16);
    for (let count = 0; count < 200; count++) share.came(1000);
    expect(share.most()).to.equal(230);
  });

  it('are shared by the durables that have had an event', () => {
    const budget = new ByteBudget();
    const [one, two, idle] = [budget.open(), budget.open(), budget.open()];
    for (let count = 0; count < 20; count++) one.came(MIB);
    expect(one.most()).to.equal(16);
    two.came(MIB);
    expect([one.most(), two.most()]).to.deep.equal([8, 8]);
    for (const share of [two, two, idle]) share.close();
    expect(one.most()).to.equal(16);
  });
});
