import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../lib/bus/config-file.js';
import { InvalidConfiguration } from '../../lib/errors.js';

describe('The configuration file', () => {
  let directory: string;
  const write = (name: string, text: string) => writeFile(join(directory, name), text);
  const load = (options: Partial<Parameters<typeof loadConfig>[0]> = {}) =>
    loadConfig({ directory, environment: {}, ...options });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lightbus-config-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  for (const name of ['lightbus.yaml', 'lightbus.yml', 'lightbus.json']) {
    it(`is ${name}, if that is there`, async () => {
      await write(name, '{\n\t"serviceName": "from-file",\n\t"nats": { "credentials": "a.creds" }\n}\n');
      const config = await load();
      expect(config.serviceName).to.equal('from-file');
      expect(config.nats.credentials).to.equal(join(directory, 'a.creds'));
    });
  }

  it('is named by --config, else by create(), else by LIGHTBUS_CONFIG', async () => {
    for (const name of ['flag', 'create', 'environment']) await write(`${name}.yaml`, `serviceName: by-${name}`);
    await write('lightbus.yaml', 'serviceName: by-default');
    const environment = { LIGHTBUS_CONFIG: 'environment.yaml' };
    const created = { config: 'create.yaml' };
    const flags = { config: 'flag.yaml' };
    expect((await load({ flags, created, environment })).serviceName).to.equal('by-flag');
    expect((await load({ created, environment })).serviceName).to.equal('by-create');
    expect((await load({ environment })).serviceName).to.equal('by-environment');
    expect((await load()).serviceName).to.equal('by-default');
  });

  it('is refused where it has variables, which nobody replaces, without showing more than their place', async () => {
    await write('lightbus.yaml', `serviceName: x\nnats:\n  password: "hunter2\${NATS_PASSWORD}"\n`);
    const error = await load().catch((reason: Error) => reason);
    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect((error as Error).message)
      .to.include('has a variable in nats.password')
      .and.not.include('hunter2');
  });

  it('gives way to package.json, of this folder or above, for a name', async () => {
    await write('package.json', '{"name": "from-package"}');
    await mkdir(join(directory, 'src'));
    const config = await load({ directory: join(directory, 'src') });
    expect(config.serviceName).to.equal('from-package');
    expect(config.processName).to.equal(`${hostname()}-${process.pid}`);
  });

  const broken: [what: string, name: string, text: string, ...said: string[]][] = [
    ['is not YAML', 'lightbus.yaml', 'a: 1\nb: "hunter2\n', 'lightbus.yaml:', ':3:1', 'YAML'],
    ['is not JSON', 'lightbus.json', '{\n "logLevel": hunter2\n}', 'lightbus.json:2:', 'JSON'],
    ['has a key twice', 'lightbus.yaml', 'manage: true\nmanage: false', 'lightbus.yaml:2:1', 'unique'],
    ['has two documents', 'lightbus.yaml', 'manage: true\n---\nmanage: false', 'lightbus.yaml:2:'],
    ['is empty', 'lightbus.yaml', '# nothing\n', 'no mapping'],
    ['is a list', 'lightbus.yaml', '- manage', 'no mapping'],
    [
      'is a bomb',
      'lightbus.yaml',
      `a0: &a0 [x,x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i}]`).join('\n')}`,
      'aliases',
    ],
    [
      'has an unknown key',
      'lightbus.yaml',
      'apis:\n  auth:\n    stream: { storag: file }',
      'lightbus.yaml: apis.auth.stream.storag',
      'did you mean "storage"?',
    ],
  ];
  for (const [what, name, text, ...said] of broken) {
    it(`that ${what} is refused`, async () => {
      await write(name, text);
      const error = await load().catch((failure: Error) => failure);
      expect(error).to.be.instanceOf(InvalidConfiguration);
      for (const words of said) expect((error as Error).message).to.include(words);
      expect((error as Error).message).not.to.include('hunter2');
    });
  }

  it('must be there if it is named', async () => {
    const error = await load({ environment: { LIGHTBUS_CONFIG: 'nope.yaml' } }).catch((failure: Error) => failure);
    expect(error)
      .to.be.instanceOf(InvalidConfiguration)
      .with.property('message', `The configuration file ${join(directory, 'nope.yaml')} is not there`);
  });

  it('must be one', async () => {
    await write('lightbus.yaml', 'manage: true');
    await write('lightbus.json', '{}');
    expect(await load().catch((failure: Error) => failure.message)).to.include('lightbus.yaml and lightbus.json');
  });
});
