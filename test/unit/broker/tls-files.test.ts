import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { checkTlsFiles } from '../../../lib/broker/jetstream/connection/tls-files.js';
import type { ResolvedTls } from '../../../lib/config/config.js';
import { InvalidConfiguration } from '../../../lib/errors.js';

const file = (name: string) => fileURLToPath(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const CLIENT = { certFile: file('client.pem'), keyFile: file('client-key.pem') };

describe('The files of nats.tls', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lightbus-tls-'));
    const ca = readFileSync(file('ca.pem'), 'utf8');
    writeFileSync(join(folder, 'bundle.pem'), `An authority\n${ca}another:\n${readFileSync(file('other-ca.pem'))}`);
    writeFileSync(join(folder, 'half.pem'), `${ca}${ca.slice(0, 200)}`);
    writeFileSync(join(folder, 'text.pem'), 'garbage');
    writeFileSync(join(folder, 'both.pem'), `${readFileSync(CLIENT.certFile)}${readFileSync(CLIENT.keyFile)}`);
  });
  after(() => rmSync(folder, { recursive: true }));
  const made = (name: string) => join(folder, name);

  it('may be as they should be', () => {
    checkTlsFiles({});
    checkTlsFiles({ caFile: file('ca.pem'), ...CLIENT });
    checkTlsFiles({ caFile: made('bundle.pem'), certFile: made('both.pem'), keyFile: made('both.pem') });
  });

  const WRONG: Readonly<Record<string, readonly [tls: () => ResolvedTls, ...said: string[]]>> = {
    'a CA that is not there': [
      () => ({ caFile: made('none.pem') }),
      'nats.tls.caFile: cannot read',
      'none.pem',
      'ENOENT',
    ],
    'a folder': [() => ({ caFile: folder }), 'nats.tls.caFile: cannot read', 'EISDIR'],
    'a CA that is garbage': [() => ({ caFile: made('text.pem') }), 'nats.tls.caFile', 'text.pem holds no certificate'],
    'a CA that is cut off': [() => ({ caFile: made('half.pem') }), 'nats.tls.caFile: certificate 2 in', 'is damaged'],
    'a key in place of a certificate': [
      () => ({ ...CLIENT, certFile: CLIENT.keyFile }),
      'nats.tls.certFile',
      'client-key.pem holds no certificate',
    ],
    'a certificate in place of a key': [
      () => ({ ...CLIENT, keyFile: CLIENT.certFile }),
      'nats.tls.keyFile',
      'client.pem holds no private key',
    ],
    'a key that does not fit': [
      () => ({ ...CLIENT, keyFile: file('stranger-key.pem') }),
      'nats.tls.keyFile',
      'stranger-key.pem is not the key of the certificate',
      'client.pem',
    ],
    'an encrypted key': [
      () => ({ ...CLIENT, keyFile: file('client-encrypted-key.pem') }),
      'nats.tls.keyFile',
      'is encrypted; give a key without a passphrase',
    ],
  };
  for (const [what, [tls, ...said]] of Object.entries(WRONG)) {
    it(`may not be ${what}`, () => {
      for (const words of said) expect(() => checkTlsFiles(tls())).to.throw(InvalidConfiguration, words);
    });
  }
});
