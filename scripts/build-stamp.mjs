// Says whether dist/ was built from the sources as they are now, so that no test runs an older build.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = join(ROOT, 'dist/.made-from');
const OTHER_SOURCES = ['package.json', 'tsconfig.json', 'tsup.config.ts'];

/** Notes in dist/ what it was built from. */
export function writeBuildStamp() {
  writeFileSync(STAMP, `${sourceHash()}\n`);
}

/** Throws unless dist/ was built from the sources as they are now. */
export function assertBuildIsFresh() {
  const made = read(STAMP);
  if (made === undefined) throw new Error('dist/ is not built: run `npm run build` first');
  if (made.trim() !== sourceHash()) throw new Error('dist/ was built from another lib/: run `npm run build` first');
}

function sourceHash() {
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...sources, ...OTHER_SOURCES.map((name) => join(ROOT, name))]) {
    hash
      .update(`${file.slice(ROOT.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
