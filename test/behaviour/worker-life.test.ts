import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BusInternals } from '../../lib/bus/internals.js';
import { BusAlreadyClosed, InvalidConfiguration, NothingToListenFor, OnError } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';
import { gate, ShopApi, useWorld } from '../support/worker.js';

const LIBRARY = new URL('../../lib/index.ts', import.meta.url).href;

describe('the life of a worker', function () {
  this.timeout('60s');
  const nats = useNats();
  const world = useWorld(nats);

  it('lets handlers and onStop hooks fire while the bus is being closed, and refuses everybody else at once', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const [running, goOn] = [gate(), gate()];
    const options = { listenerName: 'watch', onError: OnError.DEAD_LETTER };
    bus.shop.order_placed.listen(async ({ number }) => {
      running.open();
      await goOn.opened;
      await bus.shop.order_paid.fire({ number });
    }, options);
    bus.client.onStop(() => bus.shop.order_paid.fire({ number: 2 }));
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await running.opened;
    const closing = bus.client.close();
    expect(await errorOf(bus.shop.order_paid.fire({ number: 3 }))).to.be.instanceOf(BusAlreadyClosed);
    goOn.open();
    await closing;
    const paid = (await world.stored(world.stream())).filter(({ subject }) => subject.endsWith('order_paid'));
    expect(paid.map((message) => message.json<{ number: number }>().number)).to.deep.equal([1, 2]);
    expect(world.log.problems()).to.equal('');
  });

  it('refuses what a handler left running fires after the worker has stopped', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const [begun, closed] = [gate(), gate()];
    let late: Promise<Error> | undefined;
    bus.shop.order_placed.listen(
      () => {
        late = closed.opened.then(() => errorOf(bus.shop.order_paid.fire({ number: 1 })));
        begun.open();
      },
      { listenerName: 'watch' },
    );
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await begun.opened;
    await bus.client.close();
    closed.open();
    expect(await late).to.be.instanceOf(BusAlreadyClosed);
  });

  it('can be asked for: running, stopping, stopped', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    const worker = await bus.client.startWorker();
    expect(worker.state).to.equal('running');
    const stopping = worker.stop();
    expect(worker.state).to.equal('stopping');
    await stopping;
    expect([worker.state, worker.error]).to.deep.equal(['stopped', undefined]);
  });

  it('ends with a failure that is logged once, by the hook that failed and by the worker', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    bus.client.afterEventExecution(() => Promise.reject(new RangeError('no metrics')));
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    const worker = await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    const error = await errorOf(worker.done);
    expect([worker.state, worker.error]).to.deep.equal(['failed', error]);
    const told = world.log.entries.filter(({ level }) => level === 'error');
    expect(told.map(({ message }) => message)).to.deep.equal([
      'A hook afterEventExecution failed; stopping the worker, the event was handled',
      'The worker has stopped because of a failure: no metrics',
    ]);
    expect(told[0]?.fields.err).to.equal(error);
  });

  it('ends the process with 1 if it fails and nobody looks at `done`', async () => {
    const program = `
      import { Api, create, Event } from ${JSON.stringify(LIBRARY)};
      class AuthApi extends Api { static meta = { name: 'auth' }; heartbeat = new Event(); }
      const config = { logLevel: 'silent', prefix: 'unseen' };
      const bus = create({ serviceName: 'fails', apis: [AuthApi], config, nats: { servers: ${JSON.stringify(nats.url)} } });
      bus.auth.heartbeat.listen(() => { throw new RangeError('of a handler'); }, { listenerName: 'beats' });
      await bus.client.startWorker();
      await bus.auth.heartbeat.fire();
      setInterval(() => undefined, 1000); // As a server for health checks.
    `;
    const argv = ['--import', 'tsx', '--input-type=module', '-e', program];
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, argv, { timeout: 50_000 }, (error, _out, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    expect(ended.code).to.equal(1);
    expect(ended.stderr).to.include('RangeError: of a handler');
  });

  it('can begin again after a start that failed, with hooks that add their listeners again', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    expect(await errorOf(bus.client.startWorker())).to.be.instanceOf(NothingToListenFor);
    let attempts = 0;
    const seen = gate();
    bus.client.onStart(() => {
      bus.shop.order_placed.listen(seen.open, { listenerName: 'watch' });
    });
    bus.client.onStart(() => {
      attempts += 1;
      if (attempts < 3) throw new RangeError('no database');
    });
    for (const _ of [1, 2]) expect(await errorOf(bus.client.startWorker())).to.be.instanceOf(RangeError);
    const worker = await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await seen.opened;
    await worker.stop();
    expect(worker.state).to.equal('stopped');
  });

  it('is refused with BusAlreadyClosed when the bus is closed while it starts', async () => {
    const bus = world.bus({ apis: [ShopApi], nats: { servers: `nats://127.0.0.1:${await freePort()}` } });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    const starting = errorOf(bus.client.startWorker());
    await world.log.said('No connection');
    await bus.client.close();
    const error = await starting;
    expect(error).to.be.instanceOf(BusAlreadyClosed);
    expect(error.message).to.include('while its worker was starting');
  });

  it('is opened again after a mistake in its configuration has been mended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightbus-open-'));
    try {
      const file = join(folder, 'lightbus.json');
      await writeFile(file, '{ "prefix": 7 }');
      const bus = world.bus<typeof ShopApi>({ apis: [ShopApi] });
      (bus.client as never as { '~lightbus': BusInternals })['~lightbus'].configure({ config: file });
      expect(await errorOf(bus.shop.order_placed.fire({ number: 1 }))).to.be.instanceOf(InvalidConfiguration);
      await writeFile(file, '{}');
      expect((await bus.shop.order_placed.fire({ number: 1 })).nativeId.sequence).to.equal(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('leaves an onStart hook behind that does not end when the start is aborted, and names it', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const [begun, aborted] = [gate(), gate()];
    bus.client.onStart(({ signal }) => {
      signal.addEventListener('abort', aborted.open);
      begun.open();
      return new Promise(() => undefined);
    });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    const controller = new AbortController();
    const starting = errorOf(bus.client.startWorker({ signal: controller.signal }));
    await begun.opened;
    controller.abort(new RangeError('enough'));
    await aborted.opened;
    expect((await starting).message).to.equal('enough');
    expect(world.logged('A hook onStart does not end', 'warn')).to.have.length(1);
  });
});
