import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import { startNats } from '../support/nats.js';
import { manifest, project } from './packed.js';
import { follow, run, start } from './run.js';

/** The major versions that `engines` promises; the one that runs the tests is already here. */
const [own] = process.versions.node.split('.') as [string];
const MAJORS = ['20', '22', '24'];

/** The path of a Node of that version, got from the registry if it is not this one. */
async function findNode(major: string): Promise<string> {
  if (major === own) return process.execPath;
  const args = ['--yes', '--package', `node@${major}`, 'node', '--print', 'process.execPath'];
  return (await run('npx', args, { cwd: await project() })).trim();
}

describe('the installed package on other versions of Node', function () {
  this.timeout('5m');

  it('promises what is run here', async () => {
    const promised = (await manifest()).engines.node.split('||').map((range) => /^\s*\^(\d+)\./.exec(range)?.[1]);
    expect(promised).to.deep.equal(MAJORS);
  });

  for (const major of MAJORS) {
    it(`fires, and runs a TypeScript bus module, on Node ${major}`, async () => {
      await using nats = await startNats();
      const node = await findNode(major);
      expect(await run(node, ['--version'], { cwd: await project() })).to.match(new RegExp(`^v${major}\\.`));

      const options = { cwd: path.join(await project(), 'worker'), env: { NATS_URL: nats.url } };
      const command = path.join(await project(), 'node_modules/lightbus-jetstream/dist/lightbus.cjs');
      const worker = start(node, [command, 'run', '--bus', 'bus.ts'], options);
      const ended = once(worker, 'close');
      const output = follow(worker);
      try {
        await output.until('print_hello');
        await run(node, ['fire.mjs', 'adam'], options);
        await output.until('adam said hello');
        worker.kill('SIGTERM');
        expect((await ended)[0]).to.equal(0);
      } finally {
        worker.kill('SIGKILL');
        await ended;
      }
    });
  }
});
