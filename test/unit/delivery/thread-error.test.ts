import { expect } from 'chai';
import { packError, unpackError } from '../../../lib/delivery/threads/error.js';
import { Reject, RetryAfter } from '../../../lib/index.js';
import { isReject, isRetryAfter } from '../../../lib/verdicts.js';

/** What of a thrown value arrives on the other side of a thread's border. */
const cross = (thrown: unknown) => unpackError(structuredClone(packError(thrown)));

describe('what a handler in a thread throws', () => {
  it('keeps name, message, stack, simple properties and causes, and leaves objects behind', () => {
    const cause = new TypeError('inner');
    const thrown = Object.assign(new RangeError('outer', { cause }), {
      code: 'E',
      status: 429,
      request: { huge: true },
    });
    const crossed = cross(thrown) as typeof thrown;
    expect(crossed).to.be.instanceOf(Error).and.include({ name: 'RangeError', message: 'outer', stack: thrown.stack });
    expect(crossed).to.include({ code: 'E', status: 429 }).and.not.have.property('request');
    expect(crossed.cause)
      .to.be.instanceOf(Error)
      .and.include({ name: 'TypeError', message: 'inner', stack: cause.stack });
  });

  it('keeps its verdict, for the table of outcomes as for onError', () => {
    const reject = cross(new Reject('no such country'));
    expect(isReject(reject) && reject instanceof Reject && reject.message).to.equal('no such country');
    const later = cross(new RetryAfter('5m'));
    expect(isRetryAfter(later) && later instanceof RetryAfter && later.delay).to.equal(300_000);
  });

  it('need not be an error', () => {
    expect(cross(undefined)).to.equal(undefined);
    expect(cross({ code: 7 })).to.deep.equal({ code: 7 });
    expect(cross(() => 1)).to.be.instanceOf(Error);
  });

  it('crosses also if reading it throws, or its causes form a circle', () => {
    const broken = new Error('x');
    for (const key of ['message', 'code', 'cause']) {
      Object.defineProperty(broken, key, {
        enumerable: true,
        get: () => {
          throw new Error('not to be read');
        },
      });
    }
    expect(cross(broken)).to.be.instanceOf(Error);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(cross(circle)).to.have.property('message', 'circle');
  });
});
