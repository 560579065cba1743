import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EXECUTABLE, usable } from './binary.mjs';

const DAY = 24 * 3600 * 1000;
const PARTIAL = 'partial-';

/** Outside the checkout, so that it outlives a clone and leaves nothing untracked. */
export function cacheFolder(environment = process.env) {
  return join(userCache(environment), 'lightbus-jetstream', 'nats-server');
}

export function cachedBinary(version, environment) {
  return join(cacheFolder(environment), version, EXECUTABLE);
}

/** What the cache holds, the pinned version first. */
export async function cachedBinaries(pinned, environment) {
  const names = await readdir(cacheFolder(environment)).catch(() => []);
  const versions = names.filter((name) => name !== pinned && !name.startsWith(PARTIAL)).sort();
  const paths = [pinned, ...versions].map((version) => cachedBinary(version, environment));
  return paths.filter(existsSync);
}

function userCache(environment) {
  if (environment.XDG_CACHE_HOME) return environment.XDG_CACHE_HOME;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32' && environment.LOCALAPPDATA) return environment.LOCALAPPDATA;
  return join(homedir(), '.cache');
}

/**
 * Fetches a binary into the cache. `fetch(folder)` works in a folder of its own and returns the binary's path; the
 * binary comes to its place by a rename, so another process that does the same sees a whole one or none.
 */
export async function keep({ fetch, serves, environment }) {
  const cache = cacheFolder(environment);
  await mkdir(cache, { recursive: true });
  await removeLeftovers(cache);
  const folder = await mkdtemp(join(cache, PARTIAL));
  try {
    const { path, version } = serves(await usable(await fetch(folder)));
    const place = cachedBinary(version, environment);
    await mkdir(dirname(place), { recursive: true });
    await rename(path, place).catch(async (error) => {
      // Windows does not replace a running program; what another process put there serves as well.
      await usable(place).catch(() => Promise.reject(error));
    });
    return { path: place, version };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// What an interrupted run left; younger folders may belong to a process at work.
async function removeLeftovers(cache) {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(PARTIAL)) continue;
    const folder = join(cache, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY) await rm(folder, { recursive: true, force: true });
  }
}
