import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runCommand } from '../support/command.js';
import { useNats } from '../support/nats.js';

const SERVICE = fileURLToPath(new URL('../fixtures/cli/worker/', import.meta.url));

/** The lines of JSON on standard output. */
function linesOf(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

describe('The built command', () => {
  it('writes JSON alone to standard output, whatever the bus module prints, and needs no server', async () => {
    const environment = { NATS_URL: 'nats://127.0.0.1:1' };
    await using lightbus = runCommand(['dumpschema'], { directory: SERVICE, environment });
    expect(await lightbus.exit).to.equal(0);
    expect(Object.keys(JSON.parse(lightbus.out).auth.events)).to.deep.equal(['user_created', 'user_deleted']);
    expect(lightbus.err).to.include('a greeting that is not JSON');
  });

  it('exits with 2 for wrong usage and with 1 for a failure', async () => {
    await using wrong = runCommand(['rum'], { directory: SERVICE });
    await using failed = runCommand(['run', '--bus', '../throws'], { directory: SERVICE });
    expect(await wrong.exit).to.equal(2);
    expect(await failed.exit).to.equal(1);
    expect(failed.err).to.include('FailedToImportBusModule').and.include('TypeError').and.include('throws/bus.ts:6');
  });

  describe('in a project that has a copy of its own', () => {
    let project: string;
    before(async () => {
      project = await mkdtemp(join(tmpdir(), 'lightbus-copy-'));
      const copy = join(project, 'node_modules/lightbus-jetstream');
      await mkdir(copy, { recursive: true });
      const manifest = { name: 'lightbus-jetstream', version: '9.9.9', bin: { lightbus: './lightbus.cjs' } };
      await writeFile(join(copy, 'package.json'), JSON.stringify(manifest));
      await writeFile(join(copy, 'lightbus.cjs'), 'console.log("theirs", process.argv.slice(2))');
    });
    after(() => rm(project, { recursive: true }));

    it('hands over to that', async () => {
      await using lightbus = runCommand(['version'], { directory: project });
      expect(await lightbus.exit).to.equal(0);
      expect(lightbus.out).to.equal("theirs [ 'version' ]\n");
    });
  });
});

describe('lightbus run, as a process', () => {
  const nats = useNats();
  const run = (environment: Record<string, string> = {}, argv: string[] = []) =>
    runCommand(['run', ...argv], { directory: SERVICE, environment: { NATS_URL: nats.url, ...environment } });

  it('says who listens to what, works, and exits with 0 at SIGTERM', async () => {
    await using lightbus = run({ FIRE: 'adam' });
    await lightbus.said('{"handling":"adam"}');
    await lightbus.said('"listenerName":"greet"');
    lightbus.process.kill('SIGTERM');
    expect(await lightbus.exit).to.equal(0);
    // Not the last line for certain: the stream of dead letters is made beside, and the stop does not wait for it.
    const said = linesOf(lightbus.err).map((line) => (line as { msg: string }).msg);
    expect(said).to.include('The worker has stopped');
    expect(linesOf(lightbus.out)).to.deep.include({
      listenerName: 'forget',
      apiNames: ['auth'],
      events: ['auth.user_deleted'],
      durables: ['cli-test--forget--user_deleted'],
    });
  });

  it('exits with 0 at SIGINT, too', async () => {
    await using lightbus = run();
    await lightbus.said('"listenerName":"greet"');
    lightbus.process.kill('SIGINT');
    expect(await lightbus.exit).to.equal(0);
  });

  it('takes name and events from the command line', async () => {
    await using lightbus = run({}, ['--service-name', 'other-name', '--events', 'auth.user_created']);
    await lightbus.said('"listenerName":"greet"');
    lightbus.process.kill('SIGTERM');
    expect(await lightbus.exit).to.equal(0);
    expect(linesOf(lightbus.out)).to.deep.equal([
      {
        listenerName: 'greet',
        apiNames: ['auth'],
        events: ['auth.user_created'],
        durables: ['other-name--greet--user_created'],
      },
    ]);
  });

  it('exits at once, with 1, at a second signal', async () => {
    await using lightbus = run({ FIRE: 'endless' }, ['--service-name', 'endless']);
    await lightbus.said('{"handling":"endless"}');
    lightbus.process.kill('SIGTERM');
    await lightbus.said('again to stop at once');
    lightbus.process.kill('SIGTERM');
    expect(await lightbus.exit).to.equal(1);
  });

  it("exits with 1 when a handler fails, with the handler's stack", async () => {
    await using lightbus = run({ FIRE: 'throws' }, ['--service-name', 'throwing']);
    expect(await lightbus.exit).to.equal(1);
    expect(lightbus.err)
      .to.include('RangeError: no such user')
      .and.match(/worker\/bus\.ts:\d+/);
  });

  it('waits for a server that is not there yet, and can be told to stop', async () => {
    await using lightbus = run({ NATS_URL: 'nats://127.0.0.1:1' });
    await lightbus.said('127.0.0.1:1');
    lightbus.process.kill('SIGTERM');
    expect(await lightbus.exit).to.equal(0);
  });
});
