import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('npm run quickstart', function () {
  this.timeout('90s');
  let temp: string;
  let child: ChildProcess;

  beforeEach(async () => {
    temp = await mkdtemp(join(tmpdir(), 'lightbus-test-'));
    const env = { ...process.env, TMPDIR: temp, TEMP: temp };
    child = spawn(process.execPath, ['scripts/quickstart.mjs'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await rm(temp, { recursive: true, force: true });
  });

  it('loses nothing though a service is killed, and leaves nothing behind', async () => {
    const lines: string[] = [];
    for await (const line of output(child)) lines.push(line);
    const code = child.exitCode ?? (await once(child, 'exit'))[0];
    expect(lines.at(-1), lines.join('\n')).to.equal('lost 0');
    expect(code).to.equal(0);
    expect(lines).to.include('fired 54 events');
    expect(lines.join('\n')).to.match(/killed mail-service \(SIGKILL\)/);
    const redelivered = lines.filter((line) => line.startsWith('mail-service')).map((line) => line.split(/\s+/)[4]);
    expect(redelivered, 'what the killed service was working on came again').to.satisfy((counts: string[]) =>
      counts.some((count) => Number(count) > 0),
    );
    expect(await readdir(temp)).to.deep.equal([]);
  });

  it('ends all that it started when it is interrupted', async () => {
    let port = 0;
    for await (const line of output(child)) {
      port = Number(/ runs on port (\d+)/.exec(line)?.[1] ?? port);
      if (line.includes('killed mail-service')) child.kill('SIGINT');
    }
    const code = child.exitCode ?? (await once(child, 'exit'))[0];
    expect(code).to.equal(130);
    expect(await isListening(port)).to.equal(false);
    expect(await readdir(temp)).to.deep.equal([]);
  });
});

/** Ends when nobody holds the other end any more: neither the child nor anything that it started and shared it with. */
function output({ stdout }: ChildProcess): AsyncIterable<string> {
  if (!stdout) throw new Error('its output is not piped');
  return createInterface(stdout);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connectSocket(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
