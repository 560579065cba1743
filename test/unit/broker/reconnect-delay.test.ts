import { expect } from 'chai';
import sinon from 'sinon';
import { reconnectDelay } from '../../../lib/broker/jetstream/connection/reconnect-delay.js';

const HOUR = 3_600_000;

describe('the delay before a reconnect', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date', 'performance'] });
  });
  afterEach(() => clock.restore());

  it('is between half a second and a second, and not always the same', () => {
    const delay = reconnectDelay();
    const delays = Array.from({ length: 50 }, () => delay());
    expect(Math.min(...delays)).to.be.at.least(500);
    expect(Math.max(...delays)).to.be.at.most(1000);
    expect(new Set(delays).size).to.be.above(1);
  });

  it('makes up for a clock that was set back, at most once a delay', () => {
    const delay = reconnectDelay();
    delay();
    clock.setSystemTime(Date.now() - HOUR);
    expect(delay()).to.be.within(500 - HOUR, 1000 - HOUR);
    // Else a server that refuses would be asked without a pause.
    for (let again = 0; again < 20; again += 1) expect(delay()).to.be.at.least(500);
    clock.tick(1001);
    expect(delay()).to.be.within(500 - HOUR, 1000 - HOUR);
  });

  it('does not mind a clock that is set forward, or a little back', () => {
    const delay = reconnectDelay();
    delay();
    clock.setSystemTime(Date.now() - 100);
    expect(delay()).to.be.at.least(500);
    clock.setSystemTime(Date.now() + HOUR);
    expect(delay()).to.be.at.least(500);
    clock.tick(5000);
    expect(delay()).to.be.at.least(500);
  });
});
