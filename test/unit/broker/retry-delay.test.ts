import { expect } from 'chai';
import sinon from 'sinon';
import { RetryDelay } from '../../../lib/broker/retry-delay.js';

describe('The delays between attempts', () => {
  afterEach(() => sinon.restore());
  const next = (delay: RetryDelay, count: number) => Array.from({ length: count }, () => delay.next());

  it('double up to a limit, and begin again after a success', () => {
    sinon.stub(Math, 'random').returns(0);
    const delay = new RetryDelay(100, 1000);
    expect(next(delay, 6)).to.deep.equal([100, 200, 400, 800, 1000, 1000]);
    delay.reset();
    expect(next(delay, 2)).to.deep.equal([100, 200]);
  });

  it('are up to a quarter longer at random', () => {
    sinon.stub(Math, 'random').returns(0.999);
    expect(next(new RetryDelay(100, 1000), 5)).to.deep.equal([125, 250, 500, 1000, 1250]);
  });
});
