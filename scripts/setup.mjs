// What a fresh clone lacks: the dependencies. Nothing here needs them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertBuildIsFresh } from './build-stamp.mjs';
import { capture, exec } from './processes.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs `npm ci`, with its progress, unless `node_modules` already holds what package-lock.json says. */
export async function installDependencies(log) {
  const reason = await whyStale();
  if (!reason) return;
  log(`npm ci (${reason}) …`);
  const { code } = await exec('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT });
  if (code !== 0) throw new Error(`npm ci failed with exit code ${code}; what it printed above says why`);
}

async function whyStale() {
  const { packages: wanted } = await json('package-lock.json');
  // npm leaves here what it installed; it leaves out optional packages of other platforms.
  const installed = await json('node_modules/.package-lock.json').catch(() => undefined);
  if (!installed) return 'node_modules is missing';
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed.packages[path];
    if (found ? found.version !== version : !optional) return `${path} is not at ${version}`;
  }
  const extra = Object.keys(installed.packages).find((path) => !wanted[path]);
  return extra && `${extra} is not in package-lock.json`;
}

async function json(path) {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8'));
}

/** Builds `dist` unless it is built from the sources as they are, quietly unless it fails. */
export async function build() {
  if (isBuildFresh()) return;
  const { code, output } = await capture('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  if (code !== 0) throw new Error(`${output}\nthe build failed with exit code ${code}; what it printed is above`);
}

// A second build beside a run of tests would take the files away that they run.
function isBuildFresh() {
  try {
    assertBuildIsFresh();
    return true;
  } catch {
    return false;
  }
}
