import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Dialer } from '../../../lib/broker/jetstream/connection/dialer.js';
import { loadConfig } from '../../../lib/bus/config-file.js';
import { renderError } from '../../../lib/cli/report.js';
import { checkCreateOptions } from '../../../lib/config/create-options.js';
import { CONFIG_OPTIONS } from '../../../lib/config/options.js';
import { recordLog } from '../../support/bus.js';

const CANARY = 'SUACANARYCANARYCANARYCANARY';
const SECRETS: Readonly<Record<string, string>> = {
  'a seed': CANARY,
  'a JWT': 'eyJCANARYCANARY.eyJCANARY.CANARY',
  'a key': '-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----',
  lines: 'user: me\npassword: CANARY',
  'an address': 'nats://me:CANARY@a b',
  'an address without a scheme': 'me:CANARY@a b',
};
const NATS = Object.keys((CONFIG_OPTIONS.nats as { options: object }).options);

/** What `options` lead to: an error, or nothing. */
async function outcome(options: object, directory: string): Promise<unknown> {
  const logger = recordLog();
  try {
    checkCreateOptions(options);
    const { nats, warnings } = await loadConfig({ created: options, directory, environment: {} });
    await new Dialer({ nats: { ...nats, servers: ['127.0.0.1:1'] }, name: 'x', logger }).dial();
    return warnings;
  } catch (error) {
    return error;
  }
}

describe('Secrets in the wrong place', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lightbus-secrets-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  for (const [what, secret] of Object.entries(SECRETS)) {
    const places: Record<string, object> = {
      config: { config: secret },
      'nats as a whole': { nats: secret },
      'an unknown option': { nats: { [secret]: true } },
      'a level': { config: { logLevel: secret } },
      'a list': { nats: { servers: [secret] } },
    };
    for (const key of NATS) places[`nats.${key}`] = { nats: { [key]: secret } };
    for (const key of ['caFile', 'certFile', 'keyFile'])
      places[`nats.tls.${key}`] = { nats: { tls: { certFile: 'a', keyFile: 'b', [key]: secret } } };
    for (const [place, options] of Object.entries(places)) {
      it(`are not quoted: ${what} as ${place}`, async () => {
        const error = await outcome({ serviceName: 'x', ...options }, directory);
        const { message = '', stack = '' } = (error ?? {}) as Partial<Error>;
        const said = [message, stack, inspect(error), renderError(error), renderError(error, { stacks: true })].join(
          '\n',
        );
        expect(said).not.to.include('CANARY');
      });
    }
  }

  it('are not quoted from a configuration file', async () => {
    for (const secret of Object.values(SECRETS)) {
      writeFileSync(join(directory, 'lightbus.json'), JSON.stringify({ nats: { tls: secret }, [secret]: secret }));
      const error = await outcome({ serviceName: 'x' }, directory);
      expect(inspect(error)).not.to.include('CANARY');
    }
  });
});
