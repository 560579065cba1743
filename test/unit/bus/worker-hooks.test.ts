import { expect } from 'chai';
import { Hooks } from '../../../lib/bus/hooks.js';
import { Scope } from '../../../lib/bus/scope.js';
import { runOnStart } from '../../../lib/bus/worker/hooks.js';
import { systemClock } from '../../../lib/clock.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function outcomeOf(running: Promise<void>): Promise<unknown> {
  return running.then(
    () => 'ended',
    (error: unknown) => error,
  );
}

describe('the onStart hooks of a worker', () => {
  it('do not begin once the worker was told to stop', async () => {
    const hooks = new Hooks();
    const called: string[] = [];
    hooks.add('onStart', () => {
      called.push('first');
      return new Promise(() => undefined);
    });
    const reason = new Error('stop');
    const running = runOnStart(
      { clock: systemClock, hooks, scope: new Scope(), logger: silent },
      AbortSignal.abort(reason),
    );
    expect(await outcomeOf(running)).to.equal(reason);
    expect(called).to.deep.equal([]);
  });

  it('end with the one that runs when the worker is told to stop', async () => {
    const hooks = new Hooks();
    const called: string[] = [];
    const stopping = new AbortController();
    const reason = new Error('stop');
    hooks.add('onStart', () => {
      called.push('first');
      stopping.abort(reason);
    });
    hooks.add('onStart', () => {
      called.push('second');
    });
    const running = runOnStart({ clock: systemClock, hooks, scope: new Scope(), logger: silent }, stopping.signal);
    expect(await outcomeOf(running)).to.equal(reason);
    expect(called).to.deep.equal(['first']);
  });
});
