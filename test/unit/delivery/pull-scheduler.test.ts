import { expect } from 'chai';
import { PullScheduler } from '../../../lib/delivery/scheduling/pull-scheduler.js';
import { FakeSource } from './listener-setup.js';

/** What is asked for when nothing is under way. */
function asked(limits: { window: number; own: number; needed: number; most?: number }): number[] {
  const source = Object.assign(new FakeSource(), { most: limits.most ?? Number.POSITIVE_INFINITY });
  const intake = new PullScheduler();
  intake.add(source);
  intake.request(limits.window, limits.own, limits.needed);
  return source.pulls;
}

describe('what is requested', () => {
  it('is what there is room for, not in driblets', () => {
    expect(asked({ window: 100, own: 0, needed: 1 })).to.deep.equal([100]);
    expect(asked({ window: 100, own: 50, needed: 1 })).to.deep.equal([50]);
    expect(asked({ window: 100, own: 51, needed: 1 })).to.deep.equal([]);
    expect(asked({ window: 100, own: 100, needed: 100 })).to.deep.equal([]);
  });

  it('is however few, where a slot is free beside slow handlers', () => {
    expect(asked({ window: 100, own: 99, needed: 100 })).to.deep.equal([1]);
  });

  it('is no more at once than the size of its events allows', () => {
    expect(asked({ window: 100, own: 0, needed: 100, most: 3 })).to.deep.equal([3]);
    expect(asked({ window: 100, own: 99, needed: 100, most: 3 })).to.deep.equal([1]);
  });
});
