import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { findNatsServer } from '../../scripts/nats-server.mjs';

const NEWEST = '2.15.2';

describe('finding a nats-server', () => {
  let folder: string;
  let bin: string;
  let environment: NodeJS.ProcessEnv;
  const find = (options: { version?: 'newest' | 'oldest' | 'any' } = {}) =>
    findNatsServer({ environment, systemFolders: [], ...options });
  const cached = (version = NEWEST) => join(folder, 'cache/lightbus-jetstream/nats-server', version, 'nats-server');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightbus-test-'));
    bin = join(folder, 'bin');
    await mkdir(bin);
    // A machine on which only these few programs are installed, and whose release host cannot be reached.
    for (const tool of ['sh', 'cat', 'chmod', 'mkdir', 'touch']) await symlink(await which(tool), join(bin, tool));
    environment = {
      PATH: bin,
      XDG_CACHE_HOME: join(folder, 'cache'),
      NATS_SERVER_RELEASES: 'http://127.0.0.1:1/releases',
    };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('takes the one that NATS_SERVER_BIN names, before all others', async () => {
    await fakeServer(join(bin, 'nats-server'), NEWEST);
    environment.NATS_SERVER_BIN = await fakeServer(join(folder, 'mine'), '2.16.0');
    expect(await find()).to.deep.equal({ path: join(folder, 'mine'), version: '2.16.0' });
  });

  it('says what is wrong with the one that NATS_SERVER_BIN names, rather than taking another', async () => {
    await fakeServer(join(bin, 'nats-server'), NEWEST);
    environment.NATS_SERVER_BIN = join(folder, 'missing');
    await rejects(find(), /NATS_SERVER_BIN: .*missing does not exist/);
    environment.NATS_SERVER_BIN = await fakeServer(join(folder, 'old'), '2.8.4');
    await rejects(find(), /NATS_SERVER_BIN: .*old is version 2\.8\.4, which is not >=2\.15\.2/);
    environment.NATS_SERVER_BIN = await program(join(folder, 'other'), 'echo hello');
    await rejects(find(), /NATS_SERVER_BIN: .*other is not a nats-server/);
  });

  it('prefers the cache to the path, and the pinned version to others in the cache', async () => {
    await fakeServer(join(bin, 'nats-server'), NEWEST);
    await fakeServer(cached('2.11.4'), '2.11.4');
    await fakeServer(cached(), NEWEST);
    expect((await find({ version: 'any' })).path).to.equal(cached());
  });

  it('takes the first on the path whose version serves', async () => {
    const second = join(folder, 'second');
    await fakeServer(join(bin, 'nats-server'), '2.11.0');
    await fakeServer(join(second, 'nats-server'), '2.9.25');
    environment.PATH = `${bin}:${second}`;
    expect(await find({ version: 'any' })).to.deep.equal({ path: join(bin, 'nats-server'), version: '2.11.0' });
    expect(await find({ version: 'oldest' })).to.deep.equal({ path: join(second, 'nats-server'), version: '2.9.25' });
  });

  it('builds it with Go', async () => {
    await program(
      join(bin, 'go'),
      `[ "$1 $2" = 'install github.com/nats-io/nats-server/v2@v${NEWEST}' ] || exit 1\n${fakeText('$GOBIN/nats-server', NEWEST)}`,
    );
    expect(await find()).to.deep.equal({ path: cached(), version: NEWEST });
    await rm(join(bin, 'go'));
    expect(await find(), 'a second time').to.deep.equal({ path: cached(), version: NEWEST });
  });

  it('unpacks the official archive, if its sum is right', async () => {
    await using host = await releaseHost(folder, { sum: (sum) => sum });
    environment.NATS_SERVER_RELEASES = host.url;
    expect(await find()).to.deep.equal({ path: cached(), version: NEWEST });
  });

  it('refuses an archive whose sum is wrong, or is not listed', async () => {
    await using wrong = await releaseHost(folder, { sum: () => '0'.repeat(64) });
    environment.NATS_SERVER_RELEASES = wrong.url;
    await rejects(
      find(),
      /official release archive: nats-server-v2\.15\.2-\S+ has the sum [0-9a-f]{64}, SHA256SUMS says 0{64}/,
    );
    await using unlisted = await releaseHost(folder, { sum: () => '' });
    environment.NATS_SERVER_RELEASES = unlisted.url;
    await rejects(find(), /official release archive: SHA256SUMS does not list nats-server-v2\.15\.2/);
    await expectMissing(cached());
  });

  it("unpacks Debian's package, with package lists of its own where the machine's are empty", async () => {
    await program(
      join(bin, 'apt-get'),
      `case "$*" in *Dir::State::Lists=*update) touch updated;; *download*) [ -f updated ] && touch nats-server.deb;; esac`,
    );
    await program(join(bin, 'dpkg-deb'), `mkdir -p $3/usr/sbin\n${fakeText('$3/usr/sbin/nats-server', '2.9.10')}`);
    expect(await find({ version: 'oldest' })).to.deep.equal({ path: cached('2.9.10'), version: '2.9.10' });
  });

  it('names each way and how to install it, if there is none', async () => {
    await fakeServer(join(bin, 'nats-server'), '2.8.4');
    const { message } = await rejects(find(), /No nats-server >=2\.15\.2/);
    for (const part of [
      'NATS_SERVER_BIN: not set',
      'cache: no nats-server there',
      'is version 2.8.4',
      'go install: go is not installed',
      'official release archive: http://127.0.0.1:1/releases/v2.15.2/',
      "Debian's package: apt-get is not installed",
      'apt install nats-server',
      'brew install nats-server',
      'winget install',
      cached(),
    ]) {
      expect(message).to.include(part);
    }
  });

  it('lets two processes fetch at once, and leaves nothing half done', async () => {
    await program(join(bin, 'go'), fakeText('$GOBIN/nats-server', NEWEST));
    const found = await Promise.all([find(), find(), find()]);
    expect(found.map(({ path }) => path)).to.deep.equal([cached(), cached(), cached()]);
    expect(await readdir(join(folder, 'cache/lightbus-jetstream/nats-server'))).to.deep.equal([NEWEST]);
  });
});

async function program(path: string, script: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

function fakeServer(path: string, version: string): Promise<string> {
  return program(path, `echo 'nats-server: v${version}'`);
}

/** Shell text that writes a fake server. */
function fakeText(path: string, version: string): string {
  return `cat > ${path} <<'END'\n#!/bin/sh\necho 'nats-server: v${version}'\nEND\nchmod +x ${path}`;
}

async function which(tool: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `command -v ${tool}`]);
  return stdout.trim();
}

/** Stands in for the release host: one archive of a fake server for this platform, and SHA256SUMS. */
async function releaseHost(folder: string, { sum }: { sum: (sum: string) => string }) {
  const system = { linux: 'linux', darwin: 'darwin' }[process.platform as string];
  const machine = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  const name = `nats-server-v${NEWEST}-${system}-${machine}`;
  const archive = `${name}.tar.gz`;
  await fakeServer(join(folder, name, 'nats-server'), NEWEST);
  await promisify(execFile)('tar', ['-czf', archive, name], { cwd: folder });
  const bytes = await readFile(join(folder, archive));
  const listed = sum(createHash('sha256').update(bytes).digest('hex'));
  const sums = `${'1'.repeat(64)}  another.zip\n${listed ? `${listed}  ${archive}\n` : ''}`;

  const files = new Map<string, Buffer | string>([
    [`/v${NEWEST}/${archive}`, bytes],
    [`/v${NEWEST}/SHA256SUMS`, sums],
  ]);
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<Error> {
  const error = await promise.then(
    () => expect.fail('it found one'),
    (reason: Error) => reason,
  );
  expect(error.message).to.match(pattern);
  return error;
}

async function expectMissing(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  expect(exists, path).to.equal(false);
}
