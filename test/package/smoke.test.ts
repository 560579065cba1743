import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { startNats } from '../support/nats.js';
import { manifest, project, root } from './packed.js';
import { run } from './run.js';

/** What each program of the fixtures prints when every event has reached its listener. */
const HANDLED = { users: { adam: 'adam@example.org' }, updated: [{ username: 'adam', isAdmin: false }] };

/** Runs one of the fixtures' programs against a server of its own. */
async function runProgram(file: string): Promise<unknown> {
  await using nats = await startNats();
  return JSON.parse(await run(process.execPath, [file], { cwd: await project(), env: { NATS_URL: nats.url } }));
}

/** Compiles the TypeScript program with the strictest settings and returns the folder of what came out. */
async function compile(module: string, type: string): Promise<string> {
  const source = path.join(await project(), 'typescript');
  const folder = `${source}-${module}-${type}`;
  await cp(source, folder, { recursive: true });
  const compilerOptions = {
    ...{ target: 'es2022', module, moduleResolution: module, types: ['node'], rootDir: '.', outDir: 'out' },
    ...{ strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ noImplicitOverride: true, noPropertyAccessFromIndexSignature: true, declaration: true },
    ...(type === 'module' ? { verbatimModuleSyntax: true, erasableSyntaxOnly: true } : {}),
  };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc')], { cwd: folder });
  return path.join(folder, 'out');
}

describe('the installed package', function () {
  this.timeout('5m');
  before('install', () => project());

  it('gives import and require the same classes, under their own names', async () => {
    const program = `
      import * as imported from 'lightbus-jetstream';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('lightbus-jetstream');
      const isClass = (value) => /^class\\b/.test(Function.prototype.toString.call(value));
      const classes = Object.keys(required).filter((name) => typeof required[name] === 'function' && isClass(required[name]));
      console.log(JSON.stringify({
        imported: Object.keys(imported).sort(), required: Object.keys(required).sort(), classes,
        different: Object.keys(required).filter((name) => imported[name] !== required[name]),
        renamed: classes.filter((name) => required[name].name !== name),
      }));`;
    const output = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: await project() });
    const { imported, required, classes, different, renamed } = JSON.parse(output);
    expect(imported).to.deep.equal(required);
    expect(classes).to.include.members(['Api', 'Event', 'Parameter', 'LightbusError', 'ValidationError']);
    expect({ different, renamed }).to.deep.equal({ different: [], renamed: [] });
  });

  it('connects to nothing when it is imported, and lets the process end', async () => {
    const program = "import('lightbus-jetstream').then(({ create }) => create({ serviceName: 'idle' }))";
    const env = { NATS_URL: 'nats://127.0.0.1:9' };
    expect(await run(process.execPath, ['--eval', program], { cwd: await project(), env })).to.equal('');
  });

  it('puts the command `lightbus` on the path of scripts', async () => {
    const output = await run(path.join(await project(), 'node_modules/.bin/lightbus'), ['version'], {
      cwd: await project(),
    });
    expect(output).to.contain((await manifest()).version);
  });

  it('carries the events of two services written as ES modules', async () => {
    expect(await runProgram('esm/main.js')).to.deep.equal(HANDLED);
  });

  it('carries the events of two services written as CommonJS', async () => {
    expect(await runProgram('cjs/main.js')).to.deep.equal(HANDLED);
  });

  for (const module of ['nodenext', 'node16']) {
    for (const type of ['module', 'commonjs']) {
      it(`carries the events of two services in TypeScript, ${module}, type ${type}`, async () => {
        const compiled = await compile(module, type);
        expect(await runProgram(path.join(compiled, 'main.js'))).to.deep.equal(HANDLED);
      });
    }
  }
});
