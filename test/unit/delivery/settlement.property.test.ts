import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { OnError } from '../../../lib/delivery/options.js';
import { ListenerModel } from './settlement-model.js';
import { type Failure, LEASE, type Plan, type Policy, type Setup } from './settlement-setup.js';

const SEED = Number(process.env.FAST_CHECK_SEED ?? Date.now() % 2 ** 31);
const RUNS = process.env.FAULTS === 'full' ? 10_000 : 1000;
const SLICE = LEASE / 12;
// Sixty events, each tried five times with seven seconds between, and one key at a time.
const LONG = 2_000_000;
/** What the loop gives aborted handlers to end in, and a little more. */
const GRACE = 1200;

/** What may happen to a listener, in any order. */
type Step =
  | { readonly does: 'publish'; readonly count: number }
  | { readonly does: 'succeed' | 'fail'; readonly which: number }
  | { readonly does: 'pass' | 'block'; readonly milliseconds: number }
  | { readonly does: 'disconnect' | 'reconnect' }
  | { readonly does: 'stop'; readonly timeout: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constantFrom('succeed' as const, 'fail' as const), which: fc.nat(9) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(SLICE, LEASE / 3, LEASE, 3 * LEASE, 9 * LEASE),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('block' as const),
      milliseconds: fc.constantFrom(LEASE / 2, LEASE, 2 * LEASE),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('disconnect' as const, 'reconnect' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('stop' as const), timeout: fc.constantFrom(0, LEASE, 9 * LEASE) }),
  },
);

const setup: fc.Arbitrary<Setup> = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  byKey: fc.boolean(),
  onError: fc.constantFrom<Policy>(
    ...Object.values(OnError),
    OnError.RETRY,
    OnError.RETRY,
    'function throws',
    'function returns rubbish',
  ),
  asked: fc.boolean(),
  maxAttempts: fc.integer({ min: 1, max: 5 }),
  handlerTimeout: fc.constantFrom(undefined, undefined, 2 * LEASE),
  plans: fc.array(
    fc.constantFrom<Plan>('waits', 'waits', 'waits', 'waits', 'returns', 'throws', 'undecodable', 'foreign'),
    {
      minLength: 1,
      maxLength: 6,
    },
  ),
  failure: fc.constantFrom<Failure>('plain', 'plain', 'nothing', 'hostile', 'reject', 'retry-after'),
  storeWorks: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
});

describe(`the settlement of deliveries (seed ${SEED})`, () => {
  it('is what the table says, whatever happens in whatever order', async function () {
    this.timeout('20m');
    await fc.assert(
      fc.asyncProperty(setup, fc.array(step, { maxLength: 40, size: 'max' }), async (given, steps) => {
        using time = fakeTime();
        await check(new ListenerModel(given), steps, time.clock);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('is never an acknowledgement for what was not asked for, however often it comes', async () => {
    using time = fakeTime();
    const model = new ListenerModel({
      concurrency: 1,
      byKey: false,
      onError: OnError.DEAD_LETTER,
      asked: false,
      maxAttempts: 1,
      handlerTimeout: undefined,
      plans: ['foreign'],
      failure: 'plain',
      storeWorks: [true],
    });
    model.server.publish(1);
    for (let turn = 0; turn < 10; turn++) {
      time.clock.tick(31_000);
      await settle(model, time.clock);
      time.clock.tick(50); // What came so often has a rest before it begins.
      await settle(model, time.clock);
    }
    const told = model.server.handed.map((hand) => hand.told.join());
    expect(told).to.deep.equal(Array(10).fill('nak 30000'));
  });
});

function fakeTime() {
  const sandbox = sinon.createSandbox();
  const clock = sandbox.useFakeTimers({
    now: 1_700_000_000_000,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'Date', 'performance'],
  });
  return { clock, [Symbol.dispose]: () => sandbox.restore() };
}

async function check(model: ListenerModel, steps: readonly Step[], clock: sinon.SinonFakeTimers): Promise<void> {
  model.server.publish(5);
  for (const each of steps) {
    await take(model, each, clock);
    expect(model.broken.join('\n')).to.equal('');
  }
  model.server.reconnect();
  await settle(model, clock);
  if (!model.halted) await drain(model, clock);
  await end(model, clock);
  expect(model.broken.join('\n')).to.equal('');
  for (const hand of model.server.handed) checkTold(model, hand);
}

async function take(model: ListenerModel, each: Step, clock: sinon.SinonFakeTimers): Promise<void> {
  switch (each.does) {
    case 'publish':
      model.server.publish(each.count);
      break;
    case 'succeed':
    case 'fail': {
      const run = model.active[each.which % Math.max(1, model.active.length)];
      if (run !== undefined) model.end(run, each.does === 'succeed');
      break;
    }
    case 'pass':
      return pass(model, each.milliseconds, clock);
    case 'block':
      clock.jump(each.milliseconds);
      clock.tick(1); // Immediates that those timers made; nothing has arrived meanwhile.
      model.excusedAt = performance.now();
      break;
    case 'stop':
      void model.stop(each.timeout);
      break;
    default:
      model.server[each.does]();
  }
  await settle(model, clock);
}

/** Lets time pass evenly, as it does while nothing blocks. */
async function pass(model: ListenerModel, milliseconds: number, clock: sinon.SinonFakeTimers): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += SLICE) {
    clock.tick(SLICE);
    await settle(model, clock);
  }
}

/** Lets everything happen that needs no time. */
async function settle(model: ListenerModel, clock: sinon.SinonFakeTimers): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    if (!model.server.ready) model.excusedAt = performance.now();
    model.noteTimeouts();
    await microtasks();
    model.server.serve();
    clock.tick(0);
  }
  await microtasks();
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await null;
}

/** Nothing stands in the way any more: everything that was asked for must come to its end. */
async function drain(model: ListenerModel, clock: sinon.SinonFakeTimers): Promise<void> {
  model.storesWork = true;
  const rest = () => model.server.unsettled.filter((sequence) => model.planFor(sequence) !== 'foreign');
  for (let passed = 0; rest().length > 0 && !model.halted && passed < LONG; passed += LEASE / 3) {
    for (const run of model.active) model.end(run, true);
    await settle(model, clock);
    await pass(model, LEASE / 3, clock);
  }
  if (!model.halted) expect(rest(), 'events that are never settled').to.deep.equal([]);
}

/** Stops the loop; what it leaves behind must be at rest. */
async function end(model: ListenerModel, clock: sinon.SinonFakeTimers): Promise<void> {
  const stopped = model.stop(LEASE);
  await settle(model, clock);
  for (const hand of model.server.handed) {
    const kept = hand.copyOf || hand.told.length > 0 || model.begun.has(hand) || model.expected.has(hand);
    expect(kept || hand.deadline <= performance.now(), `delivery ${hand.number} was dropped`).to.be.ok;
  }
  let running = true;
  void stopped.then(() => {
    running = false;
  });
  for (let passed = 0; running && passed < 9 * LEASE + GRACE; passed += SLICE) await pass(model, SLICE, clock);
  expect(running, 'the stop goes on').to.equal(false);
  // The time of a handler that has not ended goes on.
  if (model.active.length > 0) await pass(model, 20 * LEASE, clock);
  expect(clock.countTimers(), 'timers left').to.equal(0);
}

function checkTold(model: ListenerModel, hand: ListenerModel['server']['handed'][number]): void {
  const expected = model.expected.get(hand);
  const what = `what was told of delivery ${hand.number} of event ${hand.sequence}`;
  if (expected !== undefined) return expect(hand.told, what).to.deep.equal(expected) as never;
  if (model.active.some((run) => run.hand === hand)) return expect(hand.told, what).to.deep.equal([]) as never;
  const allowed = model.planOf(hand) === 'foreign' ? ['', 'nak 0', 'nak 30000'] : ['', 'nak 0'];
  expect(hand.told.join(), what).to.be.oneOf(allowed);
  expect(hand.late && !model.begun.has(hand), `delivery ${hand.number} was given back too late`).to.equal(false);
}
