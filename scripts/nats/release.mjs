import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXECUTABLE } from './binary.mjs';
import { command } from './command.mjs';

const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
const SYSTEMS = { linux: 'linux', darwin: 'darwin', win32: 'windows', freebsd: 'freebsd' };
const MACHINES = { x64: 'amd64', arm64: 'arm64', arm: 'arm7', ia32: '386', s390x: 's390x', ppc64: 'ppc64le' };

/**
 * Unpacks the official archive of this platform, if it is what the release's SHA256SUMS says.
 * `NATS_SERVER_RELEASES` names a mirror of the release host.
 */
export async function fromRelease({ version, folder, environment, platform = process.platform, arch = process.arch }) {
  const base = `${environment.NATS_SERVER_RELEASES ?? RELEASES}/v${version}`;
  const name = `nats-server-v${version}-${target(platform, arch)}`;
  const archive = `${name}.${platform === 'win32' ? 'zip' : 'tar.gz'}`;

  const [sums, bytes] = await Promise.all([download(`${base}/SHA256SUMS`), download(`${base}/${archive}`)]);
  verify(archive, bytes, sums.toString('utf8'));
  await writeFile(join(folder, archive), bytes);
  // Named relative to its folder: "C:\…" would read as a host to some tars. Windows's own tar reads zip.
  await command('tar', ['-xf', archive], { cwd: folder, timeout: 60_000 });
  return join(folder, name, EXECUTABLE);
}

function target(platform, arch) {
  const [system, machine] = [SYSTEMS[platform], MACHINES[arch]];
  if (!system || !machine) throw new Error(`there is no archive for ${platform} on ${arch}`);
  return `${system}-${machine}`;
}

function verify(archive, bytes, sums) {
  const expected = sums
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, file]) => file === archive)?.[0];
  if (!expected) throw new Error(`SHA256SUMS does not list ${archive}`);
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected.toLowerCase())
    throw new Error(`${archive} has the sum ${actual}, SHA256SUMS says ${expected}`);
}

async function download(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw new Error(`${url}: ${error.cause?.message ?? error.message}`);
  }
}
