import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { InvalidConfiguration } from '../../lib/index.js';
import type { LogEntry } from '../support/bus.js';
import { createNkey, createOperator } from '../support/keys.js';
import { useNats } from '../support/nats.js';
import { ShopApi, until, useWorld } from '../support/worker.js';

describe('logging in', function () {
  this.timeout('90s');
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightbus-login-'));
  });
  after(() => rm(folder, { recursive: true }));

  describe('by an NKey', () => {
    const user = createNkey('user');
    const nats = useNats({ config: `authorization { users: [{ nkey: ${user.publicKey} }] }` });
    const world = useWorld(nats);
    const fire = (nkey: string) =>
      world.bus({ apis: [ShopApi], nats: { servers: nats.url, nkey } }).shop.order_placed.fire({ number: 1 });

    it('works with the seed as text and in a file', async () => {
      const path = join(folder, 'user.nk');
      await writeFile(path, `${user.seed}\n`);
      for (const nkey of [user.seed, path]) expect(await fire(nkey)).to.include({ duplicate: false });
    });

    it('fails at once with a key that the server does not know', async () => {
      const error = await fire(createNkey('user').seed).catch((reason: Error) => reason);
      expect(error).to.be.instanceOf(InvalidConfiguration);
      expect(error)
        .to.have.property('message')
        .that.matches(/refused the credentials .*check nats\.nkey \(given as text\)/);
    });
  });

  describe('by credentials', () => {
    const operator = createOperator();
    const nats = useNats({ config: operator.config });
    const world = useWorld(nats);
    const fire = (credentials: string, timeout: '30s' | '60s' = '30s') =>
      world
        .bus({ apis: [ShopApi], nats: { servers: nats.url, credentials } })
        .shop.order_placed.fire({ number: 1 }, { timeout });

    it('works with their text and with a file', async () => {
      const path = join(folder, 'user.creds');
      await writeFile(path, operator.credentials());
      for (const given of [operator.credentials(), path]) expect(await fire(given)).to.include({ duplicate: false });
    });

    it('waits with an expired file until it is renewed, and says which', async () => {
      const path = join(folder, 'expired.creds');
      await writeFile(path, operator.credentials({ exp: 1 }));
      const firing = fire(path, '60s');
      const said = `refuses nats.credentials (${path}) (its JWT has expired); put a valid one`;
      const told = ({ fields }: LogEntry) => String(fields.reason).includes(said);
      await until('it was said', () => world.logged('No connection to NATS; waiting for one').some(told));
      await writeFile(path, operator.credentials());
      expect(await firing).to.include({ duplicate: false });
    });
  });
});
