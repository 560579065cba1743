import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { manifest, type Packed, packed, project, root } from './packed.js';
import { run } from './run.js';

describe('the tarball', function () {
  this.timeout('5m');
  let tarball: Packed;
  before('pack', async () => {
    tarball = await packed();
  });

  it('holds what users need and nothing else', () => {
    const files = tarball.files.map((file) =>
      file
        .replace(/^dist\/.+-[A-Z0-9]{8}\.cjs(\.map)?$/, 'dist/<chunk>.cjs$1')
        .replace(/^docs\/[a-z-]+\.(?:md|svg)$/, 'docs/<page>'),
    );
    expect([...new Set(files)].sort()).to.deep.equal([
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'dist/<chunk>.cjs',
      'dist/<chunk>.cjs.map',
      'dist/index.cjs',
      'dist/index.cjs.map',
      'dist/index.d.cts',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/lightbus.cjs',
      'dist/lightbus.cjs.map',
      'dist/thread.cjs',
      'dist/thread.cjs.map',
      'docs/<page>',
      'nats-server.conf',
      'package.json',
    ]);
  });

  it('has no remark from publint', async () => {
    const publint = path.join(root, 'node_modules/publint/src/cli.js');
    expect(await run(process.execPath, [publint, 'run', tarball.tarball, '--strict'], { cwd: root })).to.contain(
      'All good!',
    );
  });

  it('has types that every module resolution finds, node10 included', async () => {
    const attw = path.join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    expect(await run(process.execPath, [attw, tarball.tarball], { cwd: root })).to.contain('No problems found');
  });

  it('has types that name no other package', async () => {
    for (const file of ['index.d.ts', 'index.d.cts']) {
      const text = await readFile(path.join(await project(), 'node_modules/lightbus-jetstream/dist', file), 'utf8');
      const named = [...text.matchAll(/\b(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]|<reference [^>]+>/g)];
      const foreign = named.map(([reference, name]) => name ?? reference).filter((name) => name !== './index.cjs');
      expect(foreign, file).to.deep.equal([]);
      expect(text, file).not.to.match(/\b(?:Buffer|NodeJS)\b/);
    }
  });

  it('brings its dependencies and none of the optional packages', async () => {
    const listed = await run('npm', ['ls', '--all', '--parseable'], { cwd: await project() });
    const names = listed.split('\n').map((line) => line.replace(/^.*node_modules\//, ''));
    expect(names).to.include.members(Object.keys((await manifest()).dependencies));
    expect(names).not.to.include.oneOf(['typebox', '@sinclair/typebox', 'zod', 'arktype', 'valibot']);
  });
});
