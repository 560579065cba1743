// A bus that is closed leaves nothing behind, whatever it was doing: no connection, subscription or timer, and no memory;
// and what it had in hand is handled by the next one.
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { create, OnError, type ReceivedEvent } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { memoryInUse, watchForLeaks } from './support/leaks.js';
import { openLedgerFile } from './support/ledger-file.js';
import { openProxy } from './support/proxy.js';
import { scale } from './support/scale.js';
import { openScene, type Scene } from './support/scene.js';
import { JobsApi } from './support/service/jobs.js';

const MEBIBYTE = 1024 * 1024;
/** The two connections of the scene set their timers anew now and then. */
const OF_THE_SCENE = 2;
const PATIENCE_MS = 20_000;
const OPTIONS = { listenerName: 'work', since: 'beginning', concurrency: 4, acknowledgementTimeout: '30s' } as const;

describe('a bus opened and closed a hundred times', function () {
  this.timeout('3m');
  const nats = useNats({ config: 'http: "127.0.0.1:-1"' });

  it('leaves no connection, subscription, timer or memory behind, and loses nothing', async () => {
    await using scene = await openScene(nats);
    await using proxy = await openProxy(nats);
    await scene.fire(10);
    const live = await createLives(scene, { nats: nats.url, proxy, nobody: `nats://127.0.0.1:${await freePort()}` });
    // The first rounds fill caches, and make what stays on the server.
    for (let round = 0; round < live.kinds * 2; round++) await live.one(round);
    const [before, memory] = [await counts(), await memoryInUse()];

    using watch = watchForLeaks();
    const closed: WeakRef<object>[] = [];
    for (let round = 0; round < scale(100, 500); round++) closed.push(new WeakRef(await live.one(round)));
    await until(() => watch.left.timers <= OF_THE_SCENE && watch.left.sockets === 0);
    const { timers, ...others } = watch.left;
    expect(others).to.deep.equal({ sockets: 0, processListeners: 0 });
    expect(timers, 'timers').to.be.at.most(OF_THE_SCENE);
    expect((await memoryInUse()) - memory, 'bytes').to.be.below(4 * MEBIBYTE);
    // The engine may still hold on to the very last.
    expect(closed.filter((bus) => bus.deref() !== undefined).length, 'buses in memory').to.be.at.most(1);
    await until(async () => (await counts()).connections <= before.connections);
    expect(await counts()).to.deep.equal(before);

    await live.rest();
    // Servers of 2.9 hand some events over anew that were acknowledged just before their bus closed.
    const { version } = await ask<{ version: string }>('varz');
    await scene.check({ twice: version.startsWith('2.9.') ? 'any' : [...live.failed] });
  });

  /** A page of the server's own figures. */
  async function ask<T>(page: string): Promise<T> {
    const [, monitor] = /http monitor on (127\.0\.0\.1:\d+)/.exec(nats.log()) ?? [];
    return (await (await fetch(`http://${monitor}/${page}`, { headers: { connection: 'close' } })).json()) as T;
  }

  /** What the server counts. */
  async function counts(): Promise<{ connections: number; subscriptions: number }> {
    const { num_connections } = await ask<{ num_connections: number }>('connz');
    const { num_subscriptions } = await ask<{ num_subscriptions: number }>('subsz');
    return { connections: num_connections, subscriptions: num_subscriptions };
  }
});

/** Without a timer of its own: these are counted. What has not come true by then is for the test to name. */
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await fact()) && performance.now() < end) await turn();
}

interface Places {
  readonly nats: string;
  readonly proxy: Awaited<ReturnType<typeof openProxy>>;
  /** Where no server is. */
  readonly nobody: string;
}

/** Lives that a bus may have before it is closed; each ends in another state. */
async function createLives(scene: Scene, places: Places) {
  const write = openLedgerFile(scene.ledger.folder, 'here');
  const failed = new Set<number>();
  let fired = 1000;
  const open = (servers: string) =>
    create({
      serviceName: 'jobs-service',
      apis: [JobsApi],
      config: { prefix: scene.prefix, logLevel: 'silent' },
      nats: { servers },
    });
  type Bus = ReturnType<typeof open>;

  async function fire(bus: Bus, does = ''): Promise<void> {
    const n = fired++;
    const { id } = await bus.jobs.added.fire({ n, does });
    scene.ledger.fired({ id, n, event: 'added' });
  }

  /** Adds the listener; the promise resolves once a handler has begun. */
  function listen(bus: Bus, options: { orderBy?: () => string } = {}): Promise<void> {
    return new Promise((begun) => {
      const handler = async ({ n, does }: { n: number; does: string }, event: ReceivedEvent) => {
        const note = (what: 'start' | 'end' | 'failed') =>
          write({ what, id: event.id, n, event: 'added', listener: 'work', attempt: event.attempt });
        note('start');
        begun();
        if (does === 'wait') await new Promise((resolve) => setTimeout(resolve, 20));
        if (does !== 'fail' || failed.has(n)) return note('end');
        failed.add(n);
        note('failed');
        throw new Error('it failed');
      };
      bus.jobs.added.listen(handler, { ...OPTIONS, ...options, onError: OnError.RETRY, backoff: ['1h'] });
    });
  }

  const kinds: readonly ((bus: Bus) => Promise<unknown>)[] = [
    async (bus) => fire(bus),
    // Closed while it starts to pull.
    async (bus) => {
      void listen(bus);
      await bus.client.startWorker();
    },
    // Closed with handlers running, and others waiting.
    async (bus) => {
      for (let count = 0; count < 8; count++) await fire(bus, 'wait');
      const begun = listen(bus);
      await bus.client.startWorker();
      await begun;
    },
    // Closed with a retry in hand, and others waiting behind it.
    async (bus) => {
      for (const does of ['fail', '', '']) await fire(bus, does);
      const before = failed.size;
      void listen(bus, { orderBy: () => 'all' });
      await bus.client.startWorker();
      while (failed.size === before) await turn();
    },
    // Closed while a batch is being filled.
    async (bus) => {
      await bus.jobs.removed.fire({ n: 0 });
      bus.jobs.removed.listenBatch(() => undefined, { listenerName: 'batches', maxWait: '1h', maxAttempts: 10_000 });
      await bus.client.startWorker();
    },
    // Closed while it starts.
    async (bus) => {
      void listen(bus);
      const start = new AbortController();
      const starting = bus.client.startWorker({ signal: start.signal }).catch(() => undefined);
      start.abort();
      await starting;
    },
    async (bus) => {
      for await (const _letter of bus.client.deadLetters.list()) expect.fail('there are none');
    },
    // Closed while it has lost its connection; it is one of those with a connection through the proxy.
    async (bus) => {
      listen(bus);
      await bus.client.startWorker();
      places.proxy.cut();
    },
    // Closed before it has found a server.
    async (bus) => {
      await bus.jobs.added.fire({ n: 0 }, { timeout: '50ms' }).then(
        () => expect.fail('there is no server'),
        () => undefined,
      );
    },
  ];
  const servers = (kind: number) => (kind === 8 ? places.nobody : kind === 7 ? places.proxy.url : places.nats);

  return {
    kinds: kinds.length,
    failed,
    async one(round: number): Promise<object> {
      const kind = round % kinds.length;
      const bus = open(servers(kind));
      await kinds[kind]?.(bus);
      await bus.client.close();
      return bus;
    },
    /** Handles whatever is left. */
    async rest(): Promise<void> {
      const bus = open(places.nats);
      void listen(bus);
      await bus.client.startWorker();
      await scene.server.settled(scene.stream, 'jobs-service--work');
      await bus.client.close();
    },
  };
}
