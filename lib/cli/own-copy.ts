import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PACKAGE = 'lightbus-jetstream';

interface Manifest {
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
}

/** The nearest package.json above a file of this package. */
export function readManifest(folder: string): Manifest & { folder: string } {
  try {
    return { ...(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest), folder };
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return readManifest(dirname(folder));
  }
}

/**
 * The command of the copy of this package that the project in `directory` depends on, if that is not the copy in
 * `folder`: a command installed for the whole machine then does what the project's own version does.
 */
export function commandOfProject(directory: string, folder: string): string | undefined {
  let manifest: string;
  try {
    manifest = createRequire(join(directory, 'noop.js')).resolve(`${PACKAGE}/package.json`);
  } catch {
    return undefined;
  }
  const theirs = readManifest(dirname(manifest));
  if (realpathSync(theirs.folder) === realpathSync(folder)) return undefined;
  const bin = theirs.bin?.lightbus;
  if (bin === undefined) return undefined;
  const command = join(theirs.folder, bin);
  // A workspace that was not built yet has a package.json and no command.
  return existsSync(command) ? command : undefined;
}
