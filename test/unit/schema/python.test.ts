// What `dumpschema` writes means the same to readers in another language: Python's jsonschema.
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { COLLECTIONS } from '../../fixtures/schemas/collections.js';
import { GENERATORS } from '../../fixtures/schemas/generators.js';
import { shape, values } from '../../fixtures/schemas/shapes.js';
import { SPECIFICATIONS } from '../../fixtures/schemas/specifications.js';
import { WRITERS } from '../../fixtures/schemas/writers.js';
import { accepts, contractOf, exportOf } from './support.js';

const READER = fileURLToPath(new URL('../../fixtures/schemas/read.py', import.meta.url));
const PACKAGES = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lightbus-jetstream', 'python');
const run = promisify(execFile);

describe('Python', function () {
  this.timeout('5m');
  let environment: NodeJS.ProcessEnv;

  before('find its package jsonschema', async function () {
    environment = { ...process.env, PYTHONPATH: PACKAGES };
    const has = (...args: string[]) =>
      run('python3', args, { env: environment }).then(
        () => true,
        () => false,
      );
    if (!(await has('--version'))) this.skip();
    if (await has('-c', 'import jsonschema')) return;
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', PACKAGES, 'jsonschema==4.26.0']);
  });

  /** What Python says of values, for each schema. */
  async function read(cases: readonly { schema: object; values: readonly unknown[] }[]): Promise<boolean[][]> {
    const running = run('python3', [READER], { env: environment, maxBuffer: 2 ** 26 });
    running.child.stdin?.end(JSON.stringify(cases));
    return JSON.parse((await running).stdout);
  }

  it('reads the same from the exports of public schemas', async () => {
    // Python's regular expressions have no classes of Unicode, and it reckons multiples in binary.
    const fixtures = [...SPECIFICATIONS, ...GENERATORS, ...COLLECTIONS].filter(
      ({ schema }) => !/\\\\p\{|multipleOf":0\./.test(JSON.stringify(schema)),
    );
    const cases = fixtures.map(({ schema, valid, invalid }) => {
      // Which formats are checked is a reader's own business, so they are left out.
      const withoutFormats = JSON.parse(JSON.stringify(schema, (key, item) => (key === 'format' ? undefined : item)));
      return { schema: exportOf(withoutFormats), contract: contractOf(withoutFormats), values: [...valid, ...invalid] };
    });
    const verdicts = await read(
      cases.map(({ schema, values: each }) => ({ schema, values: each.map((value) => ({ value })) })),
    );
    for (const [index, { contract, values: each }] of cases.entries()) {
      const own = each.map((value) => accepts(contract, value));
      expect(verdicts[index], fixtures[index]?.from).to.deep.equal(own);
    }
  });

  it('reads the same from the exports of generated schemas of each library', async () => {
    const pair = shape.chain((of) => values(of).map((candidates) => ({ of, candidates })));
    const pairs = WRITERS.flatMap((writer) => fc.sample(pair, 25).map((each) => ({ ...each, writer })));
    const cases = pairs.map(({ of, candidates, writer }) => {
      const { schema } = writer.write(of);
      return { schema: exportOf(schema), contract: contractOf(schema), values: candidates, writer };
    });
    const verdicts = await read(
      cases.map(({ schema, values: each }) => ({ schema, values: each.map((value) => ({ value })) })),
    );
    for (const [index, { contract, values: each, schema, writer }] of cases.entries()) {
      const own = each.map((value) => accepts(contract, value));
      expect(verdicts[index], `${writer.library}: ${JSON.stringify({ schema, each })}`).to.deep.equal(own);
    }
  });
});
