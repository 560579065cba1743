// An event that two processes give up at once is one dead letter. A replay that is killed at any of its steps can be
// repeated: the event is neither lost nor, while the server knows the first replay, run once too often. An event that fails
// again after its replay is another dead letter, however soon.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { create, OnError } from '../../lib/index.js';
import { runCommand } from '../support/command.js';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { type Proxy as Between, openProxy } from './support/proxy.js';
import { scale } from './support/scale.js';
import { listener, openScene, type Scene } from './support/scene.js';

const GIVES_UP = { onError: OnError.DEAD_LETTER } as const;
/** Gives up whatever takes longer, as `SLOW` does; without it the same event is handled. */
const IMPATIENT = { ...GIVES_UP, handlerTimeout: '100ms' } as const;
const SLOW = { does: 'wait 500' };
const PUBLISH = /^HPUB \S+_replays\./;
const DELETE = /^PUB \$JS\.API\.STREAM\.MSG\.DELETE\./;

describe('dead letters', function () {
  this.timeout('2m');
  const nats = useNats();

  it('of an event that two processes give up at the same moment are one', async () => {
    for (let round = 0; round < scale(1, 5); round += 1) {
      await using scene = await openScene(nats);
      await using bus = operator(scene);
      const listeners = [listener({ ...GIVES_UP, acknowledgementTimeout: '1s' })];
      await Promise.all([scene.worker({ listeners }), scene.worker({ listeners })]);
      // The first blocks its process, so that its lease runs out and the second one has the event too.
      await scene.fire([{ does: 'throw-together' }]);
      await scene.ledger.until((entries) => count(entries, 'failed') >= 2);
      await scene.settled();
      const { twice } = await scene.check({ twice: [0], overlapping: [0] });
      expect(twice, 'had by both').to.deep.equal([0]);
      expect(await scene.deadLetters()).to.have.lengthOf(1);
      expect(await bus.client.deadLetters.remove({ all: true })).to.include({ found: 1, done: 1 });
      expect(await scene.deadLetters()).to.have.lengthOf(0);
    }
  });

  for (const [step, line, when, left] of [
    ['before its replay is stored', PUBLISH, 'before', { letters: 1, replays: 0 }],
    ['after its replay is stored, before that is confirmed', PUBLISH, 'after', { letters: 1, replays: 1 }],
    ['before it is deleted', DELETE, 'before', { letters: 1, replays: 1 }],
    ['after it is deleted, before that is confirmed', DELETE, 'after', { letters: 0, replays: 1 }],
  ] as const) {
    it(`survive a replay that is killed ${step}: repeated, it runs the event once`, async () => {
      await using scene = await openScene(nats);
      await givenUp(scene);
      await using proxy = await openProxy(nats);
      await killedReplay(scene, proxy, line, when);
      await held(scene, left);
      await using bus = operator(scene);
      await bus.client.deadLetters.replay();
      await held(scene, { letters: 0, replays: 1 });
      await scene.worker({ listeners: [listener(GIVES_UP)] });
      await held(scene, { letters: 0, replays: 0 });
      await runs(scene, 2);
    });
  }

  it('that a running worker has handled after a killed replay are not handled again when it is repeated', async () => {
    await using scene = await openScene(nats);
    await givenUp(scene);
    await scene.worker({ listeners: [listener(GIVES_UP)] });
    await using proxy = await openProxy(nats);
    await killedReplay(scene, proxy, DELETE, 'before');
    await held(scene, { letters: 1, replays: 0 });
    await using bus = operator(scene);
    expect(await bus.client.deadLetters.replay()).to.include({ found: 1, done: 1 });
    // Behind whatever the repeated replay may have stored.
    await scene.fire(1);
    await scene.settled();
    await held(scene, { letters: 0, replays: 0 });
    await runs(scene, 2);
  });

  it('whose killed replay is repeated when the server has forgotten it run twice, rather than not at all', async () => {
    await using scene = await openScene(nats);
    await givenUp(scene);
    await scene.worker({ listeners: [listener(GIVES_UP)] });
    // An hour unless changed; this is the least that servers take.
    await scene.server.manager.streams.update(`${scene.prefix}_replays`, { duplicate_window: 100_000_000 });
    await using proxy = await openProxy(nats);
    await killedReplay(scene, proxy, DELETE, 'before');
    await held(scene, { letters: 1, replays: 0 });
    await sleep(1000);
    await using bus = operator(scene);
    expect(await bus.client.deadLetters.replay()).to.include({ found: 1, done: 1 });
    await scene.ledger.until((entries) => count(entries, 'end') === 2);
    await held(scene, { letters: 0, replays: 0 });
    await runs(scene, 3);
  });

  it('that fail again after their replay are other ones, each time', async () => {
    await using scene = await openScene(nats);
    await using bus = operator(scene);
    const events = scale(5, 50);
    await scene.worker({ listeners: [listener(GIVES_UP)] });
    await scene.fire(Array(events).fill({ does: 'throw plain' }));
    await held(scene, { letters: events, replays: 0 });
    const seen = new Set<string>();
    for (let round = 1; round <= 3; round += 1) {
      for await (const { id } of bus.client.deadLetters.list()) seen.add(id);
      expect(seen).to.have.property('size', round * events);
      expect(await bus.client.deadLetters.replay()).to.include({ found: events, done: events });
      await scene.ledger.until((entries) => count(entries, 'failed') === (round + 1) * events);
      await held(scene, { letters: events, replays: 0 });
    }
    await scene.check({ twice: 'any' });
  });

  /** A bus of whoever looks after the dead letters. */
  function operator(scene: Scene) {
    const config = { prefix: scene.prefix, logLevel: 'silent' } as const;
    return create({ serviceName: 'operator', config, nats: { servers: nats.url } });
  }

  /** Leaves one dead letter, of an event that can be handled, and no worker. */
  async function givenUp(scene: Scene): Promise<void> {
    await scene.fire([SLOW]);
    const worker = await scene.worker({ listeners: [listener(IMPATIENT)] });
    await scene.settled();
    expect(await worker.stop()).to.equal(0);
    await held(scene, { letters: 1, replays: 0 });
  }

  /** Starts the command that replays, and kills it at a line that it sends: before it gets to the server, or after. */
  async function killedReplay(scene: Scene, proxy: Between, line: RegExp, when: 'before' | 'after'): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'lightbus-replay-'));
    try {
      const config = join(directory, 'lightbus.json');
      await writeFile(config, JSON.stringify({ prefix: scene.prefix, nats: { servers: proxy.url } }));
      await using command = runCommand(['deadletters', 'replay', '--config', config], { directory });
      proxy.cutAt = (sent) => {
        if (!line.test(sent)) return undefined;
        command.process.kill('SIGKILL');
        return when;
      };
      expect(await command.exit, command.err).to.equal(null);
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  /** Resolves when so much is kept and waits; the test's time-out is its limit. */
  async function held(scene: Scene, expected: { letters: number; replays: number }): Promise<void> {
    const messages = async (stream: string) =>
      (await scene.server.manager.streams.info(`${scene.prefix}_${stream}`).catch(() => undefined))?.state.messages ??
      0;
    for (;;) {
      const [letters, replays] = [await messages('dead_letters'), await messages('replays')];
      if (letters === expected.letters && replays === expected.replays) return;
      await sleep(20);
    }
  }

  /** The first event was begun so often, its giving up included, and has ended in the end. */
  async function runs(scene: Scene, expected: number): Promise<void> {
    const entries = await scene.ledger.until(
      (now) => count(now, 'end', ({ n, attempt }) => n === 0 && attempt === 1) > 0,
    );
    expect(count(entries, 'start', ({ n }) => n === 0)).to.equal(expected);
    await scene.check({ twice: [0] });
  }
});
