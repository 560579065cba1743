import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { recordLog } from '../support/bus.js';
import { startNats } from '../support/nats.js';
import { oneTo, ShopApi, until } from '../support/worker.js';

/** A bus with a worker that has nothing to do, and with everything that it needs of a server. */
async function workingBus(url: string) {
  const log = recordLog();
  const bus = create({ serviceName: 'other-service', apis: [ShopApi], nats: { servers: url }, logger: log });
  bus.shop.order_placed.listen(() => undefined, { listenerName: 'watch' });
  await bus.client.startWorker();
  await bus.shop.order_placed.fire({ number: 1 });
  return { bus, log };
}

describe('closing a bus whose server does not answer', function () {
  this.timeout('90s');

  it('ends although the server is frozen, leaves nothing behind, and is not connected again', async () => {
    await using nats = await startNats();
    const before = sockets();
    const { bus, log } = await workingBus(nats.url);
    process.kill(nats.pid, 'SIGSTOP');
    try {
      await bus.client.close();
      // Within a second in each case; the client itself would keep all of it for longer than this test may take.
      await until('its sockets have gone', () => sockets() <= before);
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
    const other = await workingBus(nats.url); // The server is back.
    await other.bus.client.close();
    expect(log.entries.filter(({ message }) => message.includes('again'))).to.deep.equal([]);
  });

  it('ends when the server is killed within milliseconds, and tries no other connection', async () => {
    for (const delay of oneTo(4)) {
      await using nats = await startNats();
      const before = sockets();
      const { bus, log } = await workingBus(nats.url);
      const closing = bus.client.close();
      await sleep(delay * 2);
      await nats.kill();
      await closing;
      await until('its sockets have gone', () => sockets() <= before);
      await nats.restart();
      const other = await workingBus(nats.url);
      await other.bus.client.close();
      expect(log.entries.filter(({ message }) => message.includes('again'))).to.deep.equal([]);
    }
  });

  it('closes the sockets of attempts to connect to a frozen server', async () => {
    await using nats = await startNats();
    const before = sockets();
    process.kill(nats.pid, 'SIGSTOP');
    const bus = create({ serviceName: 'shop', apis: [ShopApi], nats: { servers: nats.url }, logger: recordLog() });
    try {
      const fired = bus.shop.order_placed.fire({ number: 1 }, { timeout: '100ms' }).catch(() => undefined);
      await until('it has a socket', () => sockets() > before);
      await fired;
      await bus.client.close();
      await until('its sockets have gone', () => sockets() <= before);
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
  });
});

/** Connections, open and being opened, of this process. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCP(Socket|Connect)Wrap/i.test(kind)).length;
}
