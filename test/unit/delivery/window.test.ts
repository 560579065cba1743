import { expect } from 'chai';
import { Window } from '../../../lib/delivery/scheduling/window.js';

function succeed(flow: Window, times: number, milliseconds: number): void {
  for (let count = 0; count < times; count++) flow.succeeded(milliseconds);
}

describe('the window', () => {
  it('begins with the concurrency, so that an event that kills its process takes no others along', () => {
    expect(new Window(1).window).to.equal(1);
    expect(new Window(32).window).to.equal(32);
  });

  it('doubles with as many successes as it has room, up to 512', () => {
    const flow = new Window(1);
    const windows: number[] = [];
    for (let room = 1; room <= 1024; room *= 2) {
      succeed(flow, room, 0.1);
      windows.push(flow.window);
    }
    expect(windows).to.deep.equal([2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512]);
  });

  it('holds about a second of work, by the time that handlers take', () => {
    const flow = new Window(1);
    succeed(flow, 2000, 100);
    expect(flow.window).to.equal(11);
    const wide = new Window(4);
    succeed(wide, 2000, 100);
    expect(wide.window).to.equal(44);
  });

  it('holds less where leases are short, so that nothing waits for a third of one', () => {
    const flow = new Window(1);
    flow.limitTo(600);
    succeed(flow, 2000, 10);
    expect(flow.window).to.equal(11);
  });

  it('is bounded by the size of the events, but lets as many be held as can run at once', () => {
    const flow = new Window(4);
    succeed(flow, 2000, 0.1);
    expect([5000, 18, 1].map((most) => flow.within(most))).to.deep.equal([512, 18, 4]);
  });

  it('never falls below the concurrency, however slow handlers are', () => {
    const flow = new Window(4);
    succeed(flow, 100, 60_000);
    expect(flow.window).to.equal(4);
    const wide = new Window(1000);
    succeed(wide, 5000, 0.1);
    expect(wide.window).to.equal(1000);
  });

  it('follows handlers that become slower', () => {
    const flow = new Window(1);
    succeed(flow, 2000, 1);
    expect(flow.window).to.equal(512);
    succeed(flow, 60, 1000);
    expect(flow.window).to.be.at.most(3);
  });

  it('begins small again after a failure', () => {
    const flow = new Window(2);
    succeed(flow, 500, 0.1);
    expect(flow.window).to.be.above(64);
    flow.failed();
    expect(flow.window).to.equal(2);
    succeed(flow, 2, 0.1);
    expect(flow.window).to.equal(4);
  });
});
