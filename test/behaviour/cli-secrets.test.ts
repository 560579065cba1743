import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runCommand } from '../support/command.js';

const SERVICE = fileURLToPath(new URL('../fixtures/cli/worker/', import.meta.url));
const SEED = 'SUACANARYCANARYCANARYCANARY';
const KEY = '-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n';

/** What each option may be mistaken for, or what may be wrong with it; `exit` unless it is 1. */
const WRONG: Readonly<
  Record<string, { nats?: object; argv?: string[]; environment?: object; exit?: number; said: string }>
> = {
  credentials: { nats: { credentials: `-----BEGIN NATS USER JWT-----\neyJCANARY\n${SEED}` }, said: 'nats.credentials' },
  nkey: { nats: { nkey: SEED }, said: 'nats.nkey (given as text): its seed is damaged' },
  password: { nats: { password: 'CANARY' }, said: 'nats.password is given without nats.user' },
  tls: { nats: { tls: { caFile: KEY } }, said: 'nats.tls.caFile' },
  NATS_URL: { environment: { NATS_URL: 'ws://me:CANARY@127.0.0.1:1' }, said: 'WebSocket is for browsers' },
  LIGHTBUS_CONFIG: { environment: { LIGHTBUS_CONFIG: 'nats://me:CANARY@a' }, said: 'configuration file' },
  '--password': { argv: ['--password=CANARY'], exit: 2, said: "unknown option '--password'" },
};

describe('The built command with a secret in the wrong place', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightbus-secrets-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('fails, names the option, and prints nothing of the secret', async () => {
    for (const [option, { nats, argv = [], environment = {}, exit = 1, said }] of Object.entries(WRONG)) {
      const config = join(folder, `${option}.json`);
      if (nats !== undefined) await writeFile(config, JSON.stringify({ nats }));
      const given = nats === undefined ? [] : ['--config', config];
      await using lightbus = runCommand(['run', '--log-level', 'debug', ...given, ...argv], {
        directory: SERVICE,
        environment: { NATS_URL: 'nats://127.0.0.1:1', ...environment },
      });
      expect(await lightbus.exit, option).to.equal(exit);
      expect(lightbus.err, option).to.include(said);
      expect(lightbus.out + lightbus.err, option).not.to.include('CANARY');
    }
  }).timeout('3m');
});
