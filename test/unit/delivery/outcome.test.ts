import { expect } from 'chai';
import type { FailurePolicy } from '../../../lib/delivery/failure-policy.js';
import { outcomeOf } from '../../../lib/delivery/handling/outcome.js';
import { OnError } from '../../../lib/delivery/options.js';
import { killsItsProcess } from '../../../lib/delivery/scheduling/suspicion.js';
import { Reject, RetryAfter } from '../../../lib/verdicts.js';

const policy: FailurePolicy = { maxAttempts: 3, backoff: (attempt) => attempt * 1000 };

describe('the outcome of a failed handler', () => {
  const failure = new Error('failed');
  const rows: [string, unknown, OnError, number, ReturnType<typeof outcomeOf>][] = [
    ['SHUTDOWN', failure, OnError.SHUTDOWN, 1, { kind: 'shutdown' }],
    ['SHUTDOWN before the last attempt', failure, OnError.SHUTDOWN, 2, { kind: 'shutdown' }],
    ['SHUTDOWN at the last attempt', failure, OnError.SHUTDOWN, 3, { kind: 'dead-letter' }],
    ['ACKNOWLEDGE_AND_LOG', failure, OnError.ACKNOWLEDGE_AND_LOG, 1, { kind: 'acknowledge' }],
    ['ACKNOWLEDGE_AND_LOG after all attempts', failure, OnError.ACKNOWLEDGE_AND_LOG, 9, { kind: 'acknowledge' }],
    ['DEAD_LETTER', failure, OnError.DEAD_LETTER, 1, { kind: 'dead-letter' }],
    ['RETRY', failure, OnError.RETRY, 1, { kind: 'retry', delay: 1000 }],
    ['RETRY before the last attempt', failure, OnError.RETRY, 2, { kind: 'retry', delay: 2000 }],
    ['RETRY at the last attempt', failure, OnError.RETRY, 3, { kind: 'dead-letter' }],
    ['RETRY past the last attempt', failure, OnError.RETRY, 7, { kind: 'dead-letter' }],
    ['what is not an error', undefined, OnError.RETRY, 1, { kind: 'retry', delay: 1000 }],
  ];
  for (const name of Object.values(OnError)) {
    rows.push(
      [`Reject with ${name}`, new Reject('no such country'), name, 1, { kind: 'dead-letter' }],
      [`RetryAfter with ${name}`, new RetryAfter('5m'), name, 1, { kind: 'retry', delay: 300_000 }],
      [`RetryAfter at the last attempt with ${name}`, new RetryAfter(2), name, 3, { kind: 'dead-letter' }],
    );
  }
  for (const [what, error, onError, attempt, outcome] of rows) {
    it(`is ${outcome.kind} for ${what}`, () => {
      expect(outcomeOf(error, onError, attempt, policy)).to.deep.equal(outcome);
    });
  }

  it('knows verdicts by their code, for they may come from another copy of the package', () => {
    const foreign = Object.assign(new Error('elsewhere'), { code: 'Reject' });
    expect(outcomeOf(foreign, OnError.RETRY, 1, policy)).to.deep.equal({ kind: 'dead-letter' });
    const later = Object.assign(new Error('elsewhere'), { code: 'RetryAfter', delay: 70 });
    expect(outcomeOf(later, OnError.SHUTDOWN, 1, policy)).to.deep.equal({ kind: 'retry', delay: 70 });
  });

  it('is not misled by an error whose code cannot be read', () => {
    const hostile = Object.defineProperty(new Error('hostile'), 'code', {
      get() {
        throw new Error('no');
      },
    });
    expect(outcomeOf(hostile, OnError.ACKNOWLEDGE_AND_LOG, 1, policy)).to.deep.equal({ kind: 'acknowledge' });
  });
});

describe('an event that kills its process', () => {
  it('is one that was delivered more than three times over its attempts', () => {
    expect([1, 3, 6, 7].map((attempt) => killsItsProcess(attempt, policy))).to.deep.equal([false, false, false, true]);
  });
});
