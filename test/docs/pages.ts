import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PRELUDE = fileURLToPath(new URL('../fixtures/docs/prelude.ts', import.meta.url));
const PACKAGES = ['typebox', 'zod', 'nats', 'pino', 'winston', '@types', 'undici-types'];

export interface Page {
  /** Relative to the project, e.g. `docs/wire.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Snippet {
  /** `README` or `wire`. */
  readonly page: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The file that it is, if its first line says so: `// auth-service/bus.ts`. */
  readonly file: string | undefined;
  /** Why it is not tested, if `<!-- not tested: … -->` stands before it. */
  readonly untested: string | undefined;
}

/** README.md and all of docs/. */
export async function readPages(): Promise<Page[]> {
  const names = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).sort();
  const paths = ['README.md', ...names.map((name) => `docs/${name}`)];
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })));
}

export async function readSnippets(): Promise<Snippet[]> {
  return (await readPages()).flatMap(snippetsOf);
}

/** The one snippet of a page that is in this language. */
export async function onlySnippet(page: string, language: string): Promise<Snippet> {
  const found = (await readSnippets()).filter((snippet) => snippet.page === page && snippet.language === language);
  if (found[0] === undefined || found.length > 1)
    throw new Error(`${page} has ${found.length} snippets in ${language}`);
  return found[0];
}

function snippetsOf({ path, text }: Page): Snippet[] {
  const page = path.replace(/^docs\//, '').replace(/\.md$/, '');
  return [...text.matchAll(/^(?:<!-- not tested: (.+) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, untested, language = '', code = ''] = match;
    const before = text.slice(0, match.index + whole.indexOf('```')).split('\n').length;
    const file = /^(?:\/\/|#) ([\w./-]+\.\w+)\n/.exec(code)?.[1];
    return { page, line: before + 1, language, text: code, file, untested };
  });
}

/** A folder with every TypeScript and JavaScript snippet as a file, and the packages that they import. */
export interface SnippetProject extends AsyncDisposable {
  readonly folder: string;
  /** Where a snippet is, relative to the folder. */
  pathOf(snippet: Snippet): string;
}

export async function makeProject(): Promise<SnippetProject> {
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-docs-'));
  const pathOf = ({ page, file, line, language }: Snippet) => join(page, file ?? `line-${line}.${language}`);
  await mkdir(join(folder, 'node_modules'));
  for (const name of PACKAGES)
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  await symlink(ROOT, join(folder, 'node_modules', 'lightbus-jetstream'), 'junction');
  await writeFile(join(folder, 'package.json'), '{ "name": "docs", "type": "module" }');
  await writeFile(join(folder, 'prelude.ts'), await readFile(PRELUDE));
  for (const snippet of await readSnippets()) {
    if (!['ts', 'js'].includes(snippet.language)) continue;
    const path = join(folder, pathOf(snippet));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, snippet.text);
  }
  // README's second service takes its types from the first, which is a package of its own.
  const owner = { name: 'auth-service', type: 'module', exports: { './bus': './bus.ts' } };
  await writeFile(join(folder, 'README/auth-service/package.json'), JSON.stringify(owner));
  await symlink(join(folder, 'README/auth-service'), join(folder, 'node_modules/auth-service'), 'junction');
  return {
    folder,
    pathOf,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
