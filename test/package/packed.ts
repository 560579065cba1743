import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertBuildIsFresh } from '../../scripts/build-stamp.mjs';
import { run } from './run.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = path.join(root, 'test/fixtures/package');

export interface Packed {
  /** The tarball, as it would be published. */
  readonly tarball: string;
  /** The files in it. */
  readonly files: readonly string[];
}

export interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

export async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
}

// Packing and installing take most of this suite's time, so that its files share one of each.
const folders: string[] = [];
let packing: Promise<Packed> | undefined;
let installing: Promise<string> | undefined;
after('remove the packed package', () =>
  Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))),
);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lightbus-package-'));
  folders.push(folder);
  return folder;
}

async function pack(): Promise<Packed> {
  assertBuildIsFresh();
  const folder = await temporaryFolder();
  const report = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [{ filename, files }] = JSON.parse(report);
  return { tarball: path.join(folder, filename), files: files.map((file: { path: string }) => file.path) };
}

async function install(): Promise<string> {
  const { tarball } = await packed();
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, 'package.json'), '{ "name": "user", "private": true }\n');
  await cp(fixtures, folder, { recursive: true });
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, tarball, '@types/node@20'], { cwd: folder });
  return folder;
}

/** Packs what has been built. */
export function packed(): Promise<Packed> {
  packing ??= pack();
  return packing;
}

/** A user's project: the tarball and `@types/node` installed from the registry, beside the programs of the fixtures. */
export function project(): Promise<string> {
  installing ??= install();
  return installing;
}
