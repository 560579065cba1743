// The table of docs/schemas.md: each cell is code, which is run.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import { expect } from 'chai';
import { Schema } from 'effect';
import { Type } from 'typebox';
import { Type as Type034 } from 'typebox034';
import * as v from 'valibot';
import * as z from 'zod';
import { zodToJsonSchema } from 'zod-to-json-schema';
import { z as z3 } from 'zod3';
import { InvalidEventArguments, ValidationError } from '../../lib/errors.js';
import { Parameter } from '../../lib/index.js';
import type { Contract } from '../../lib/schema/contract.js';
import { contractOf } from '../unit/schema/support.js';
import { ROOT } from './pages.js';

interface Library {
  /** What the cells name. */
  readonly scope: object;
  /** The schema of a text, before an adapter makes it one of JSON. */
  readonly plain: string;
  /** `…` stands for that schema. */
  readonly adapter: string;
  readonly packages: readonly string[];
}

const LIBRARIES: Record<string, Library> = {
  'TypeBox 1': { scope: { Type }, plain: 'Type.String()', adapter: '…', packages: ['typebox'] },
  'TypeBox 0.34': { scope: { Type: Type034 }, plain: 'Type.String()', adapter: '…', packages: ['typebox034'] },
  'Zod 4.2 or later': { scope: { z }, plain: 'z.string()', adapter: '…', packages: ['zod'] },
  'Zod 3': {
    scope: { z: z3, zodToJsonSchema },
    plain: 'z.string()',
    adapter: 'zodToJsonSchema(…)',
    packages: ['zod3', 'zod-to-json-schema'],
  },
  Valibot: {
    scope: { v, toStandardJsonSchema },
    plain: 'v.string()',
    adapter: 'toStandardJsonSchema(…)',
    packages: ['valibot', '@valibot/to-json-schema'],
  },
  ArkType: { scope: { type }, plain: "type('string')", adapter: '…', packages: ['arktype'] },
  'Effect 4': {
    scope: { Schema },
    plain: 'Schema.String',
    adapter: 'Schema.toStandardJSONSchemaV1(…)',
    packages: ['effect'],
  },
  'JSON Schema': { scope: {}, plain: "{ type: 'string' }", adapter: '…', packages: [] },
};

describe('the table of schema libraries', () => {
  for (const [name, library] of Object.entries(LIBRARIES)) {
    describe(`says of ${name}`, () => {
      it('how to write a parameter', async () => {
        const contract = evaluate(library, (await rowOf(name)).parameter);
        expectText(contract);
        expect(() => contract.complete({})).to.throw(InvalidEventArguments);
      });

      it('how to make it optional', async () => {
        const contract = evaluate(library, (await rowOf(name)).optional);
        expectText(contract);
        contract.validateReceived(contract.withDefaults({}));
        contract.validateFired(contract.complete({}));
      });

      it('how to give it a default', async () => {
        const contract = evaluate(library, (await rowOf(name)).withDefault);
        expectText(contract);
        expect(contract.complete({})).to.deep.equal({ value: 'x' });
        expect(contract.withDefaults({})).to.deep.equal({ value: 'x' });
      });

      it('how to allow null', async () => {
        const contract = evaluate(library, (await rowOf(name)).nullable);
        expectText(contract);
        contract.validateFired(contract.complete({ value: null }));
      });

      it('that it works in CommonJS', async () => {
        expect((await rowOf(name)).commonJs).to.match(/^yes/);
        await using folder = await commonJsProject(library.packages);
        const program = `
          const { Api, Event, create } = require('lightbus-jetstream');
          for (const name of ${JSON.stringify(library.packages)}) require(name);
          class AuthApi extends Api { static meta = { name: 'auth' }; logged_in = new Event(); }
          console.log(typeof create({ serviceName: 'cjs', apis: [AuthApi] }).auth);`;
        await writeFile(join(folder.path, 'main.js'), program);
        const { stdout, stderr } = await promisify(execFile)(process.execPath, ['main.js'], { cwd: folder.path });
        expect({ stdout, stderr }).to.deep.equal({ stdout: 'object\n', stderr: '' });
      });
    });
  }
});

interface Row {
  readonly parameter: string;
  readonly optional: string;
  readonly withDefault: string;
  readonly nullable: string;
  readonly commonJs: string;
}

async function rowOf(library: string): Promise<Row> {
  const page = await readFile(join(ROOT, 'docs/schemas.md'), 'utf8');
  const line = page.split('\n').find((each) => each.startsWith(`| ${library} |`));
  if (line === undefined) throw new Error(`docs/schemas.md has no row for ${library}`);
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.replaceAll('\\|', '|').replaceAll('`', '').trim());
  const [, , parameter = '', optional = '', withDefault = '', nullable = '', , commonJs = ''] = cells;
  return { parameter, optional, withDefault, nullable, commonJs };
}

/** The code of a schema, of what a cell says about it: `…` is the schema before the adapter, `.nullable()` is called on it. */
function schemaOf({ plain, adapter }: Library, cell: string): string {
  if (cell.startsWith('new Parameter(')) return cell.replace('…', adapter.replace('…', plain));
  if (cell.startsWith('.')) return adapter.replace('…', `${plain}${cell}`);
  return cell.includes('…') ? adapter.replace('…', cell.replace('…', plain)) : cell;
}

function evaluate(library: Library, cell: string): Contract {
  const code = cell.replace(/\bdefault\b(?=[ )])/, (word) => defaultIn(cell, word));
  const own = code.startsWith(library.adapter.split('…')[0] as string) && library.adapter !== '…';
  const expression = own ? code.replace('…', library.plain) : schemaOf(library, code).replace('(…)', "('x')");
  const names = ['Parameter', ...Object.keys(library.scope)];
  const schema = new Function(...names, `return (${expression});`)(Parameter, ...Object.values(library.scope));
  return contractOf(schema);
}

/** `{ default }` and `v.optional(…, default)` leave the value to the reader. */
function defaultIn(cell: string, word: string): string {
  return cell.includes(`{ ${word} }`) ? `${word}: 'x'` : "'x'";
}

function expectText(contract: Contract): void {
  contract.validateFired(contract.complete({ value: 'y' }));
  expect(() => contract.validateReceived({ value: 7 })).to.throw(ValidationError);
}

async function commonJsProject(packages: readonly string[]): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'lightbus-cjs-'));
  await writeFile(join(path, 'package.json'), '{ "type": "commonjs" }');
  for (const name of packages) {
    const link = join(path, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link, 'junction');
  }
  await mkdir(join(path, 'node_modules'), { recursive: true });
  await symlink(ROOT, join(path, 'node_modules/lightbus-jetstream'), 'junction');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
