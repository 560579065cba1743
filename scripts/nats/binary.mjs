import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './command.mjs';

export const EXECUTABLE = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/** Debian installs to /usr/sbin, which is not on the path of an ordinary user. */
export const SYSTEM_FOLDERS = process.platform === 'win32' ? [] : ['/usr/sbin', '/usr/local/sbin'];

/** Every nats-server that the path leads to, in its order, and those in the system's own folders. */
export function findInPath(environment, systemFolders) {
  const folders = (environment.PATH ?? environment.Path ?? '').split(delimiter).filter(Boolean);
  return [...new Set([...folders, ...systemFolders])].map((folder) => join(folder, EXECUTABLE)).filter(existsSync);
}

/** The binary at `path` with the version that it reports; an error if it is none or does not run here. */
export async function usable(path) {
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  const output = await command(path, ['--version'], { timeout: 20_000 });
  const version = /nats-server: v(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (!version) throw new Error(`${path} is not a nats-server: it answers --version with ${JSON.stringify(output)}`);
  return { path, version };
}

export function isBetween(version, from, below) {
  return compare(version, from) >= 0 && compare(version, below) < 0;
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
