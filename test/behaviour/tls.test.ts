import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { InvalidConfiguration } from '../../lib/index.js';
import type { LogEntry } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { ShopApi, until, useWorld } from '../support/worker.js';

const file = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
const tls = (server: string) =>
  `tls { cert_file: "${file(`${server}.pem`)}", key_file: "${file(`${server}-key.pem`)}", ca_file: "${file('ca.pem')}", verify: true }`;
const CLIENT = { caFile: file('ca.pem'), certFile: file('client.pem'), keyFile: file('client-key.pem') };

describe('TLS', function () {
  this.timeout('90s');
  const nats = useNats({ config: tls('server') });
  const world = useWorld(nats);
  const bus = (options: object) => world.bus({ apis: [ShopApi], nats: { servers: nats.url, tls: options } });

  it('connects with certificates, and reads them again for each connection', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightbus-tls-'));
    try {
      const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      await copyFile(CLIENT.certFile, certFile);
      await copyFile(CLIENT.keyFile, keyFile);
      const { shop } = bus({ ...CLIENT, certFile, keyFile });
      expect(await shop.order_placed.fire({ number: 1 })).to.include({ duplicate: false });

      await copyFile(file('stranger.pem'), certFile);
      await copyFile(file('stranger-key.pem'), keyFile);
      await nats.restart();
      await until('it is refused', () => world.logged('No connection to NATS').length > 0);
      const firing = shop.order_placed.fire({ number: 2 }, { timeout: '60s' });
      await copyFile(CLIENT.certFile, certFile);
      await copyFile(CLIENT.keyFile, keyFile);
      expect(await firing).to.include({ duplicate: false });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('fails at once with a file that can never work, naming option and file', async () => {
    const error = await bus({ ...CLIENT, keyFile: file('stranger-key.pem') })
      .shop.order_placed.fire({ number: 1 })
      .catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect(error)
      .to.have.property('message')
      .that.matches(/^nats\.tls\.keyFile: .*stranger-key\.pem is not the key/);
  });

  const WAITING: Readonly<Record<string, readonly [options: object, server: string, said: RegExp]>> = {
    'an authority that did not sign the server’s certificate': [
      { ...CLIENT, caFile: file('other-ca.pem') },
      'server',
      /is not trusted here.*other-ca\.pem does not hold its authority; correct nats\.tls\.caFile/,
    ],
    'no authority at all': [{}, 'server', /is not trusted here.*name the file with its authority in nats\.tls\.caFile/],
    'a certificate of the server that has expired': [CLIENT, 'server-expired', /has expired .*renew it there/],
    // With TLS 1.3, this looks like silence.
    'a certificate that the server does not trust': [
      { ...CLIENT, certFile: file('stranger.pem'), keyFile: file('stranger-key.pem') },
      'server',
      /see whether it trusts the authority of nats\.tls\.certFile .*stranger\.pem/,
    ],
  };
  for (const [what, [options, server, said]] of Object.entries(WAITING)) {
    it(`waits, and says why: ${what}`, async () => {
      if (server !== 'server') await nats.reload(tls(server));
      const stopping = new AbortController();
      const firing = bus(options)
        .shop.order_placed.fire({ number: 1 }, { signal: stopping.signal })
        .catch((reason: Error) => reason.message);
      const told = ({ fields }: LogEntry) => said.test(String(fields.reason));
      await until('it was said', () => world.logged('No connection to NATS; waiting for one').some(told));
      stopping.abort(new Error('enough'));
      expect(await firing).to.equal('enough');
      if (server !== 'server') await nats.reload(tls('server'));
    });
  }
});
