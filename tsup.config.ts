import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, defineConfig } from 'tsup';
import ts from 'typescript';
import { writeBuildStamp } from './scripts/build-stamp.mjs';

// One implementation, in CommonJS, for `import`, `require` and the command alike, so that they share classes and state:
// dist/index.cjs and dist/lightbus.cjs load the same chunks; dist/index.js and dist/index.d.ts only name what
// dist/index.cjs and dist/index.d.cts export.

/** What users import: the entry's name in dist, and its source. */
const LIBRARY = { index: 'lib/index.ts' };
const COMMAND = { lightbus: 'lib/cli/main.ts' };
/** What runs in the worker threads of handlers. */
const THREAD = { thread: 'lib/delivery/threads/entry.ts' };

/** The names that an entry re-exports, read from its source. */
async function exportedNames(file: string): Promise<{ values: string[]; types: string[] }> {
  const source = ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest);
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${file} may hold named re-exports only, not: ${statement.getText(source)}`);
    }
    for (const element of statement.exportClause.elements) {
      (statement.isTypeOnly || element.isTypeOnly ? types : values).push(element.name.text);
    }
  }
  return { values: values.sort(), types: types.sort() };
}

/** Writes an entry's ES module and the types that go with it; fails if they and the CommonJS build disagree. */
async function writeModule(entry: string, file: string): Promise<void> {
  const { values, types } = await exportedNames(file);
  const reexport = (names: string[]) =>
    `export {\n${names.map((name) => `  ${name},\n`).join('')}} from './${entry}.cjs';\n`;
  await writeFile(`dist/${entry}.js`, reexport(values));
  await writeFile(`dist/${entry}.d.ts`, reexport([...values, ...types.map((name) => `type ${name}`)]));

  const required = createRequire(import.meta.url)(path.resolve(`dist/${entry}.cjs`)) as Record<string, unknown>;
  // Node finds a CommonJS module's names by reading its text; this import fails if it misses one.
  const imported = (await import(pathToFileURL(path.resolve(`dist/${entry}.js`)).href)) as Record<string, unknown>;
  for (const exports of [required, imported]) {
    const found = Object.keys(exports).sort().join(', ');
    if (found !== values.join(', ')) throw new Error(`${file} exports ${values.join(', ')}; its build: ${found}`);
  }
}

async function makeExecutable(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.startsWith('#!')) await writeFile(file, `#!/usr/bin/env node\n${text}`);
  await chmod(file, 0o755);
}

export default defineConfig({
  entry: { ...LIBRARY, ...COMMAND, ...THREAD },
  format: ['cjs'],
  platform: 'node',
  target: 'node20.19',
  splitting: true,
  // Rollup makes the CommonJS; without this it is Sucrase, which rewrites `?.`, `??`, class fields and `import()`.
  treeshake: true,
  sourcemap: true,
  clean: true,
  async onSuccess() {
    // Not by `dts` above: that runs beside this function, and deletes the types that it writes.
    await build({ config: false, entry: LIBRARY, format: ['cjs'], dts: { only: true }, clean: false });
    for (const [entry, file] of Object.entries(LIBRARY)) await writeModule(entry, file);
    for (const entry of Object.keys(COMMAND)) await makeExecutable(`dist/${entry}.cjs`);
    writeBuildStamp();
  },
});
