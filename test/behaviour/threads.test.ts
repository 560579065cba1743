import v8 from 'node:v8';
import { BroadcastChannel } from 'node:worker_threads';
import { expect } from 'chai';
import { Api, Event, type ListenOptions, OnError } from '../../lib/index.js';
import { Collected, errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { until, useWorld } from '../support/worker.js';

class ReportsApi extends Api {
  static meta = { name: 'reports' } as const;
  report_due = new Event({ parameters: ['number', 'act'] });
}

/** What the fixtures tell of themselves. */
interface Told {
  readonly number: number;
  readonly act: string;
  readonly attempt: number;
  readonly thread: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a fixture adds
  readonly more?: any;
}

const DURABLE = 'other-service--report--report_due';
const fixture = (name: string) => new URL(`../fixtures/threads/${name}`, import.meta.url);

describe('a handler in threads', function () {
  this.timeout('60s');
  const world = useWorld(useNats());
  let told: Collected<Told>;
  let channel: BroadcastChannel;
  beforeEach(() => {
    told = new Collected();
    channel = new BroadcastChannel('lightbus-threads');
    channel.onmessage = (message) => told.add((message as { data: Told }).data);
  });
  afterEach(() => channel.close());

  /** A bus that runs a fixture for these acts, and its worker. */
  async function report(acts: readonly string[], options: Partial<ListenOptions> = {}, module = fixture('report.ts')) {
    const bus = world.bus({ apis: [ReportsApi], config: { shutdownTimeout: '100ms' } });
    for (const [index, act] of acts.entries()) await bus.reports.report_due.fire({ number: index + 1, act });
    bus.reports.report_due.listen(module, {
      listenerName: 'report',
      since: 'beginning',
      backoff: ['50ms'],
      onError: OnError.RETRY,
      ...options,
    });
    return { bus, worker: await bus.client.startWorker() };
  }

  const settled = () => world.settled(DURABLE, world.stream('reports'));
  const acts = () => told.values.map(({ number, act, attempt }) => `${number} ${act} ${attempt}`);

  /** Resolves when the threads have told all of this: by another way than acknowledgements go, so it may come later. */
  const hear = (...expected: string[]) =>
    until(`the threads tell: ${expected}`, () => expected.every((act) => acts().includes(act)));

  it('runs outside of the main thread, and sees the event as any handler does', async () => {
    const { bus } = await report([]);
    const fired = await bus.reports.report_due.fire({ number: 1, act: 'look' });
    const { thread, more } = await told.first(({ act }) => act === 'look');
    await settled();
    expect(thread).to.be.greaterThan(0);
    expect(more).to.deep.include({
      id: fired.id,
      apiName: 'reports',
      eventName: 'report_due',
      version: 1,
      parameters: { number: 1, act: 'look' },
      attempt: 1,
      replayed: false,
      source: '/other-service',
      nativeId: fired.nativeId,
    });
    expect(more).to.include({ isDate: true, bareHeaders: true, aborted: false });
    expect(more.headers['ce-id']).to.equal(fired.id);
  });

  for (const [name, act] of [
    ['module.mjs', 'module'],
    ['common.cjs', 'common'],
    ['compiled.cjs', 'compiled'],
  ] as const) {
    it(`may be JavaScript: ${name}`, async () => {
      await report([act], {}, fixture(name));
      await told.first((each) => each.act === act);
      await settled();
    });
  }

  it('runs in as many threads as its concurrency says, and no more', async () => {
    await report(Array(6).fill('gate'), { concurrency: 2 });
    // Held in their handlers until the second thread is there, however long it takes to start.
    await until('two have begun', () => told.values.length === 2);
    await until('all have ended', () => {
      channel.postMessage('go');
      return told.values.length === 12;
    });
    expect(new Set(told.values.map(({ thread }) => thread)).size).to.equal(2);
  });

  it('fails as any handler does: name, message, stack, code and cause reach onError and the log', async () => {
    let seen: unknown;
    await report(['throw'], {
      onError: (error) => {
        seen = error;
        return OnError.ACKNOWLEDGE_AND_LOG;
      },
    });
    await settled();
    expect(seen).to.be.instanceOf(Error).and.include({ name: 'NoRoom', message: 'no room left', code: 'E_NO_ROOM' });
    expect((seen as Error).stack)
      .to.include('NoRoom: no room left')
      .and.include('report.ts:');
    expect((seen as Error).cause)
      .to.be.instanceOf(Error)
      .and.include({ name: 'TypeError', message: 'the disk is full' });
    expect(world.logged('A handler failed; acknowledged')[0]?.fields).to.have.property('err', seen);
  });

  it('may throw what is not an error', async () => {
    await report(['throw-undefined'], { onError: OnError.DEAD_LETTER });
    await settled();
    expect(await world.deadLetters()).to.have.length(1);
  });

  it('chooses its outcome by Reject and RetryAfter, from whatever copy of the package', async () => {
    await report(['', ''], { onError: OnError.SHUTDOWN }, fixture('verdicts.ts'));
    await settled();
    expect((await world.deadLetters()).map((letter) => letter.json<{ number: number }>().number)).to.deep.equal([1]);
    expect(world.logged('trying again in 50 ms')).to.have.length(1);
  });

  for (const [act, reason] of [
    ['exit', 'exited with code: 7'],
    ['throw-outside', 'from a timer'],
  ] as const) {
    it(`whose thread is lost (${act}) has failed, and the others live on`, async () => {
      await report([act, 'look', 'nap'], { concurrency: 2 });
      await settled();
      await hear(`1 ${act} 2`, '2 look 1', '3 nap 1');
      const [entry] = world.logged('A handler failed; trying again', 'warn');
      expect(String(entry?.fields.err)).to.include('thread ended before the handler did').and.include(reason);
    });
  }

  it('may leave something behind that breaks its thread when all is handled: that is logged, and the next event runs', async () => {
    const { bus } = await report(['throw-later']);
    await settled();
    await hear('1 throw-later 1');
    channel.postMessage('go');
    await until('the broken thread is noticed', () => world.logged('A thread of a handler broke', 'error').length > 0);
    await bus.reports.report_due.fire({ number: 2, act: 'look' });
    await settled();
    await hear('2 look 1');
  });

  it('that takes all memory of its thread has failed, and the worker lives on', async () => {
    // What is left of the flag afterwards concerns the heaps of threads to come alone.
    v8.setFlagsFromString('--max-old-space-size=64');
    try {
      await report(['memory', 'look']);
      await settled();
    } finally {
      v8.setFlagsFromString('--max-old-space-size=4096');
    }
    await hear('1 memory 2', '2 look 1');
    expect(String(world.logged('A handler failed; trying again')[0]?.fields.err)).to.include('memory');
  });

  describe('at its handlerTimeout', () => {
    it('is told by event.signal, also in a loop that never waits', async () => {
      await report(['wait', 'poll'], { handlerTimeout: '200ms', concurrency: 2, maxAttempts: 1 });
      await settled();
      await hear('1 wait failed 1', '2 poll failed 1');
      const poll = told.values.find(({ act }) => act === 'poll failed');
      expect(poll?.more).to.include('handlerTimeout of 200 ms');
      expect(await world.deadLetters()).to.have.length(2);
    });

    it('is ended with its thread if it does not react, and runs again in another', async () => {
      await report(['forever'], { handlerTimeout: '200ms' });
      await settled();
      await hear('1 forever 2');
      expect(acts()).to.deep.equal(['1 forever began 1', '1 forever began 2', '1 forever 2']);
      const [first, second] = told.values;
      expect(second?.thread).not.to.equal(first?.thread);
      expect(String(world.logged('trying again')[0]?.fields.err)).to.include('handlerTimeout of 200 ms');
    });
  });

  it('has its lease renewed by the main thread, however long it computes: once each, in two processes', async () => {
    const options = {
      acknowledgementTimeout: '1s',
      handlerTimeout: '3s',
      onError: OnError.ACKNOWLEDGE_AND_LOG,
    } as const;
    await report(['poll'], options);
    await told.first(({ act }) => act === 'poll began');
    await report([], options);
    await settled();
    expect(acts().filter((act) => act.includes('began'))).to.deep.equal(['1 poll began 1']);
  });

  it('that does not react to the stop is ended after shutdownTimeout, and its event is given back', async () => {
    const { worker } = await report(['forever'], { acknowledgementTimeout: '5m' });
    await told.first(({ act }) => act === 'forever began');
    await worker.stop();
    await report([], { acknowledgementTimeout: '5m' });
    await settled();
    await hear('1 forever 2');
    expect(acts()).to.deep.equal(['1 forever began 1', '1 forever began 2', '1 forever 2']);
  });

  it('reacts to the stop by event.signal, and its event is given back', async () => {
    const { worker } = await report(['wait'], { acknowledgementTimeout: '5m' });
    await told.first(({ act }) => act === 'wait began');
    await worker.stop();
    await until('the thread has told', () => told.values.some(({ act }) => act === 'wait failed'));
    expect(world.logged('A handler was interrupted by the stop')).to.have.length(1);
    await report([], { acknowledgementTimeout: '5m' });
    await told.first(({ act, attempt }) => act === 'wait began' && attempt === 2);
  });

  describe('that cannot be called', () => {
    for (const [name, reason] of [
      ['missing.ts', /missing\.ts, and there is no such file/],
      ['nothing.ts', /exports no function by default; write in it: export default/],
      ['throws.mjs', /threw while it was imported: RangeError: no database/],
      ['exits.mjs', /ends its thread: .*exited with code: 3/],
    ] as const) {
      it(`is an InvalidEventListener when the worker starts, before anything is handled: ${name}`, async () => {
        const bus = world.bus({ apis: [ReportsApi] });
        await bus.reports.report_due.fire({ number: 1, act: '' });
        const handled: number[] = [];
        bus.reports.report_due.listen(({ number }) => handled.push(number), {
          listenerName: 'other',
          since: 'beginning',
        });
        bus.reports.report_due.listen(fixture(name), { listenerName: 'report' });
        const error = await errorOf(bus.client.startWorker());
        expect(error).to.have.property('code', 'InvalidEventListener');
        expect(error.message).to.match(reason).and.include('listener "report"');
        expect(handled).to.deep.equal([]);
      });
    }

    it('is refused at once where it is not a file, or wants too many threads', () => {
      const { report_due } = world.bus({ apis: [ReportsApi] }).reports;
      const listen = (url: string, options = {}) =>
        report_due.listen(new URL(url), { listenerName: 'report', ...options });
      expect(() => listen('https://example.com/report.js')).to.throw(/not a file; give e.g. new URL/);
      expect(() => listen('file:///report.js', { concurrency: 300 })).to.throw(/300, which is their number; give 256/);
    });
  });
});
