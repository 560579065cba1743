// A JWT runs out under a running worker, as in every deployment that rotates them: the server ends the connection, and the
// worker comes back with what the file holds by then. Nothing is lost.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { LogEntry } from '../support/bus.js';
import { createOperator } from '../support/keys.js';
import { useNats } from '../support/nats.js';
import { oneTo, ShopApi, until, useWorld } from '../support/worker.js';

const VALID_FOR_S = 3;

describe('credentials that are rotated', function () {
  this.timeout('2m');
  const operator = createOperator();
  const nats = useNats({ config: operator.config });
  const world = useWorld(nats);

  it('are read again when the server asks for them', async () => {
    const path = join(nats.storeDir, '..', 'service.creds');
    const rotate = async (validFor: number) => {
      const exp = Math.floor(Date.now() / 1000) + validFor;
      // As tools do it: a reader sees the old one or the new one.
      await writeFile(`${path}.new`, operator.credentials({ exp }));
      await rename(`${path}.new`, path);
    };
    await rotate(3600);
    const owner = world.bus({ apis: [ShopApi], nats: { servers: nats.url, credentials: operator.credentials() } });
    await owner.shop.order_placed.fire({ number: 0 });
    await rotate(VALID_FOR_S);
    const bus = world.bus({ apis: [ShopApi], nats: { servers: nats.url, credentials: path } });
    const seen = new Set<number>();
    bus.shop.order_placed.listen(({ number }) => seen.add(number), {
      listenerName: 'watch',
      since: 'beginning',
      acknowledgementTimeout: '2s',
    });
    // Not awaited: on a busy machine the JWT may run out before there is a first connection.
    const starting = bus.client.startWorker();
    const refused = (entry: LogEntry) => /expired.*put a valid one into this file/i.test(String(entry.fields.reason));
    await until('the server refuses it', () => world.logged('No connection to NATS').some(refused));
    for (const number of oneTo(20)) await owner.shop.order_placed.fire({ number });

    await rotate(3600);
    await starting;
    await until('all were handled', () => seen.size === 21);
    expect(world.logged('', 'error')).to.deep.equal([]);
  });
});
