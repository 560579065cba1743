import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Collected } from '../support/bus.js';
import { COMMAND } from '../support/command.js';
import { useNats } from '../support/nats.js';

describe('a worker that npm started', () => {
  const nats = useNats();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightbus-orphan-'));
    const library = JSON.stringify(join(COMMAND, '../index.cjs'));
    await writeFile(
      join(folder, 'bus.cjs'),
      `const { create } = require(${library});
       exports.bus = create({ serviceName: 'orphan' });
       exports.bus.shop.sold.listen(() => {}, { listenerName: 'sold' });
       exports.bus.client.onStop(() => console.error('stopped in order'));`,
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('stops in order when its npm and the shell between them are gone', async () => {
    const { NODE_OPTIONS: _tsx, ...inherited } = process.env;
    // As npm does it: a shell between, which passes no signal on and waits for the command.
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${COMMAND}" run --bus bus.cjs; true`], {
      cwd: folder,
      env: { ...inherited, NATS_URL: nats.url, npm_execpath: '/usr/lib/npm-cli.js' },
    });
    const lines = new Collected<string>();
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => text.split('\n').forEach(lines.add));
    }
    const ended = new Promise((resolve) => shell.once('close', resolve));
    await lines.first((line) => line.includes('sold'));
    shell.kill('SIGKILL');
    // The pipes close when the worker ends, which outlives the shell.
    await ended;
    expect(lines.values.join('\n'))
      .to.include('npm that started this process has ended')
      .and.include('stopped in order');
  });
});
