import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { parse } from 'yaml';
import { runProgram } from '../../lib/cli/program.js';
import { checkOptions } from '../../lib/config/check.js';
import { CONFIG_OPTIONS } from '../../lib/config/options.js';
import { fakeTerminal } from '../support/fake-terminal.js';
import { makeProject, ROOT, readSnippets, type Snippet } from './pages.js';

/** Run by the tests beside this one. */
const RUN_ELSEWHERE = ['fire.mjs', 'listen.mjs'];
const OTHERS = ['text', 'sql', 'conf', 'ini'];

const where = (snippet: Snippet) => `${snippet.page}.md, line ${snippet.line}`;

describe('the snippets of README.md and docs/', () => {
  let snippets: Snippet[];
  before(async () => {
    snippets = await readSnippets();
  });
  const inLanguage = (...languages: string[]) =>
    snippets.filter(({ language, untested }) => languages.includes(language) && untested === undefined);

  it('name their language, and say why where one is not tested', () => {
    const known = ['ts', 'js', 'json', 'yaml', 'sh', ...OTHERS];
    expect(snippets.filter(({ language }) => !known.includes(language)).map(where)).to.deep.equal([]);
    const reasons = snippets.filter(({ untested }) => untested !== undefined);
    expect(reasons.filter(({ untested = '' }) => untested.length < 20).map(where)).to.deep.equal([]);
    expect(reasons.length).to.be.at.most(3);
  });

  it('compile, where they are TypeScript', async function () {
    this.timeout('2m');
    await using project = await makeProject();
    const files = inLanguage('ts').map((snippet) => join(project.folder, project.pathOf(snippet)));
    expect(files.length).to.be.at.least(20);
    expect(typeErrors(files, project.folder)).to.deep.equal([]);
  });

  it('are run, where they are JavaScript', () => {
    const forgotten = inLanguage('js').filter(({ file = '' }) => !RUN_ELSEWHERE.includes(file));
    expect(forgotten.map(where)).to.deep.equal([]);
  });

  it('are valid configurations, where they are YAML or JSON', () => {
    const configurations = inLanguage('yaml', 'json');
    expect(configurations.length).to.be.at.least(3);
    for (const snippet of configurations) {
      const content: unknown = snippet.language === 'json' ? JSON.parse(snippet.text) : parse(snippet.text);
      checkOptions(CONFIG_OPTIONS, content, where(snippet));
    }
  });

  it('use commands and flags that exist, where they are for the shell', async () => {
    for (const snippet of inLanguage('sh')) {
      for (const line of snippet.text.split('\n')) {
        const words = line.replace(/\s+#.*$|^#.*$/, '').trim();
        if (words !== '') await checkCommand(words.split(/\s+/), snippet, snippets);
      }
    }
  });
});

/** What the compiler says of the files, with the strictness that the project itself has. */
function typeErrors(files: string[], folder: string): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const program = ts.createProgram([...files, join(folder, 'prelude.ts')], {
    ...options,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { 'lightbus-jetstream': [join(ROOT, 'lib/index.ts')] },
    moduleDetection: ts.ModuleDetectionKind.Force,
    preserveSymlinks: false,
  });
  return files.flatMap((file) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map((diagnostic) => {
      const { line } = ts.getLineAndCharacterOfPosition(diagnostic.file as ts.SourceFile, diagnostic.start ?? 0);
      return `${file.slice(folder.length + 1)}:${line + 1} ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    }),
  );
}

async function checkCommand(words: string[], snippet: Snippet, snippets: readonly Snippet[]): Promise<void> {
  const [program, second = '', third = ''] = words;
  const line = `${where(snippet)}: ${words.join(' ')}`;
  if (program === 'npm') return checkNpm(second, third, line);
  if (program === 'nats-server') return;
  if (program === 'npx' && second === 'tsx') {
    expect(
      snippets.map(({ file }) => file),
      line,
    ).to.include(third);
    return;
  }
  const [own, ...argv] = program === 'npx' ? words.slice(1) : words;
  expect(own, line).to.equal('lightbus');
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const path = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  const { terminal, seen } = fakeTerminal({ directory: ROOT });
  expect(await runProgram([...path, '--help'], terminal, '0.0.0'), `${line}\n${seen.err}`).to.equal(0);
  expect(seen.out, line).to.contain(`Usage: lightbus ${path[0]}`);
  for (const flag of argv.filter((word) => word.startsWith('-')))
    expect(seen.out, line).to.match(new RegExp(`(^|[ ,])${flag.replace(/=.*/, '')}[ ,]`, 'm'));
}

async function checkNpm(second: string, third: string, line: string): Promise<void> {
  const { scripts, name } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  if (second === 'run') expect(Object.keys(scripts), line).to.include(third);
  else if (second === 'test') expect(scripts, line).to.have.property('test');
  else if (second === 'install') expect(third, line).to.equal(name);
  else if (second === 'pkg') expect(third, line).to.equal('set');
  else expect(second, line).to.equal('ci');
}
