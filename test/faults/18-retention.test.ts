// Events that the stream's limits remove before a listener got them are never lost in silence: their number is reported as
// an error, once for each gap, and exactly, where the stream holds only this listener's events; where it holds others'
// too, a warning says how many it may have been at most.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { type Job, listener, openScene, type Scene } from './support/scene.js';
import type { LogEntry, RunningWorker } from './support/worker.js';

const KEPT = 10;
const REMOVED: Job = { event: 'removed' };
const config = { apis: { default: { stream: { maxLength: KEPT } } } };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** What a worker said of events that were removed before it got them. */
function losses(worker: RunningWorker): (LogEntry & { lost: number; from: number; to: number })[] {
  return worker.logged().filter(({ msg }) => msg.startsWith('The stream removed')) as never;
}

describe('events that the limits of their stream remove', function () {
  this.timeout('2m');
  const nats = useNats();
  const events = scale(50, 2000);

  it('under a stopped listener are counted, as one error, by the first worker that starts', async () => {
    await using scene = await openScene(nats, { config });
    await scene.fire(5);
    const stopped = await scene.worker();
    await scene.settled();
    expect(await stopped.stop()).to.equal(0);
    await scene.fire(events);
    const worker = await scene.worker();
    await scene.settled();
    expect(losses(worker).map(({ level, lost, from, to }) => ({ level, lost, from, to }))).to.deep.equal([
      { level: 'error', lost: events - KEPT, from: 6, to: 5 + events - KEPT },
    ]);
    // Told once: not again by this one, nor by others that start behind the gap.
    await scene.fire(KEPT);
    await scene.settled(); // More than the stream keeps would be removed, and rightly told.
    const another = await scene.worker();
    await scene.fire(KEPT);
    await scene.settled();
    expect([...losses(stopped), ...losses(worker).slice(1), ...losses(another)]).to.deep.equal([]);
    await scene.check({ lost: range(5, 5 + events - KEPT) });
  });

  it("under a stopped listener, among others' events, are a warning of at most so many", async () => {
    await using scene = await openScene(nats, { config });
    await scene.fire([...Array(4).fill({}), REMOVED]);
    const stopped = await scene.worker();
    await scene.settled();
    expect(await stopped.stop()).to.equal(0);
    await scene.fire(
      Array.from({ length: events }, (_, n): Job => (n % 2 ? REMOVED : {})),
      { atOnce: 1 },
    );
    const worker = await scene.worker();
    await scene.settled();
    const [loss, ...more] = losses(worker);
    expect(more).to.deep.equal([]);
    const { lost } = await scene.check({ lost: 'any' });
    expect(lost).to.have.lengthOf((events - KEPT) / 2);
    expect(loss?.level).to.equal('warn');
    // Its own last event was the fourth: those behind it may have been due to it.
    expect(loss?.lost).to.be.within(lost.length, events - KEPT + 1);
  });

  it('under a slow listener are counted exactly while it runs, and each once', async () => {
    await using scene = await openScene(nats, { config });
    // So long a lease that nothing is given back: what was handed over once, and was then removed, nobody can count.
    const worker = await scene.worker({ listeners: [listener({ acknowledgementTimeout: '1m' })] });
    for (let gap = 1; gap <= 2; gap++) {
      await whileBusy(scene, () => scene.fire(events));
      await scene.settled();
      await untilToldOf(scene, worker);
    }
    // Where firing takes longer than the handler, it gets some of the events meanwhile: then a gap is two.
    const told = losses(worker);
    expect(told.length).to.be.at.least(2);
    for (const [index, { level, from }] of told.entries()) {
      expect(level).to.equal('error');
      expect(from).to.be.above(told[index - 1]?.to ?? 0);
    }
    const { lost } = await scene.check({ lost: 'any' });
    expect(lost.length).to.be.within(1, 2 * (events - KEPT));
  });

  /** Does something while the listener is at an event that takes it much longer. */
  async function whileBusy(scene: Scene, act: () => Promise<void>): Promise<void> {
    const before = count(await scene.ledger.entries(), 'fired');
    await scene.fire([{ does: `wait ${scale(2000, 5000)}` }]);
    await scene.ledger.until((entries) => count(entries, 'start', ({ n }) => n === before) === 1);
    await act();
  }

  /** Resolves when as many are reported as were lost; the test's time-out is its limit. */
  async function untilToldOf(scene: Scene, worker: RunningWorker): Promise<void> {
    await scene.ledger.until((entries) => {
      const lost = count(entries, 'fired') - count(entries, 'end');
      const told = losses(worker).reduce((sum, each) => sum + each.lost, 0);
      return lost === told;
    });
  }
});
