import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

describe('bytes that are damaged on their way from the server', function () {
  this.timeout('90s');
  const nats = useNats();
  const world = useWorld(nats);
  let proxy: Server;
  /** The sockets that lead to the bus. */
  let clients: Socket[];

  beforeEach(async () => {
    clients = [];
    proxy = createServer((client) => {
      const upstream = connect(nats.port, '127.0.0.1');
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
      upstream.pipe(client);
      client.pipe(upstream);
      clients.push(client);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    sinon.restore();
    for (const client of clients) client.destroy();
    proxy.close();
  });

  it('cost a new connection, no event, and no word on the console', async () => {
    const printed = (['log', 'info', 'warn', 'error'] as const).map((method) => sinon.stub(console, method));
    const servers = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const bus = world.bus({ apis: [ShopApi], nats: { servers } });
    const seen = new Set<number>();
    bus.shop.order_placed.listen(({ number }) => seen.add(number), { listenerName: 'watch' });
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });

    clients[0]?.write('{"card":"4111 CANARY"}\r\n');
    await until('it was said', () => world.logged('NATS sent bytes that are damaged', 'error').length > 0);
    await until('it is connected again', () => world.logged('Connected to NATS again').length > 0);
    for (const number of oneTo(5)) await bus.shop.order_placed.fire({ number });
    await until('all were handled', () => seen.size === 5);
    expect(printed.flatMap(({ args }) => args)).to.deep.equal([]);
    expect(JSON.stringify(world.log.entries)).not.to.include('CANARY');
  });
});
