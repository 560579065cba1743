import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { AuthApi, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { freePort } from '../support/ports.js';

const LIBRARY = new URL('../../lib/index.ts', import.meta.url).href;

describe('closing a bus', () => {
  const nats = useNats({ config: 'http: "127.0.0.1:-1"' });

  async function connections(): Promise<number> {
    const [, port] = /Starting http monitor on 127\.0\.0\.1:(\d+)/.exec(nats.log()) ?? [];
    const answer = await fetch(`http://127.0.0.1:${port}/connz`);
    return ((await answer.json()) as { num_connections: number }).num_connections;
  }

  it('leaves no connection, opened and closed a hundred times', async () => {
    const busy = create({ ...settings(nats.url), apis: [AuthApi] });
    await busy.auth.heartbeat.fire();
    const before = await connections();
    await busy.client.close();
    expect(before).to.equal(1);

    for (let round = 0; round < 100; round++) {
      await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
      if (round % 2 === 0) await bus.auth.heartbeat.fire();
      else {
        bus.auth.heartbeat.listen(() => undefined, { listenerName: 'beats' });
        await bus.client.startWorker();
      }
    }
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await bus.auth.heartbeat.fire();
    while ((await connections()) > 1) await new Promise(setImmediate);
    expect(await connections()).to.equal(1);
  }).timeout(60_000);

  it('waits for what was fired and not awaited, also before there was a connection', async () => {
    const bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const fired = bus.auth.heartbeat.fire();
    await bus.client.close();
    expect((await fired).nativeId.sequence).to.be.above(0);
  });

  it('can be done twice, at once too, and before the bus was used', async () => {
    const bus = create({ ...settings(nats.url), apis: [AuthApi] });
    await Promise.all([bus.client.close(), bus.client.close()]);
    await bus.client.close();
    await bus[Symbol.asyncDispose]();
  });

  it('lets the process end by itself, after firing, listening, and waiting in vain', async () => {
    const port = await freePort();
    const program = `
      import { Api, create, Event } from ${JSON.stringify(LIBRARY)};
      class AuthApi extends Api { static meta = { name: 'auth' }; heartbeat = new Event(); }
      const settings = { serviceName: 'ends', apis: [AuthApi], config: { logLevel: 'silent' } };
      const bus = create({ ...settings, nats: { servers: ${JSON.stringify(nats.url)} } });
      const seen = new Promise((resolve) => bus.auth.heartbeat.listen(resolve, { listenerName: 'beats' }));
      await bus.client.startWorker();
      await bus.auth.heartbeat.fire();
      await seen;
      await bus.client.close();
      const lost = create({ ...settings, nats: { servers: 'nats://127.0.0.1:${port}' } });
      await lost.auth.heartbeat.fire({}, { timeout: '200ms' }).catch((error) => console.log(error.code));
      await lost.client.close();
      console.log('last line');
    `;
    // Not killed, and no process.exit: execFile resolves only if nothing keeps the process alive.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', program],
      { timeout: 60_000 },
    );
    expect(stdout).to.equal('EventFireTimeout\nlast line\n');
  }).timeout(70_000);
});
