import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Summary {
  readonly violations: readonly {
    readonly rule: { readonly name: string };
    readonly from: string;
    readonly to: string;
  }[];
  readonly totalCruised: number;
}

/** Runs the project's own rules over the `lib` folder of a tree. */
function cruise(folder: string): Promise<{ exitCode: number; summary: Summary }> {
  const command = path.join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = path.join(root, '.dependency-cruiser.cjs');
  const run = (type: string) =>
    new Promise<{ exitCode: number; output: string }>((resolve) => {
      const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(
        process.execPath,
        [command, '--config', config, '--output-type', type, 'lib'],
        options,
        (_, output) => resolve({ exitCode: child.exitCode ?? -1, output }),
      );
    });
  // The JSON reporter always exits 0, the one that `npm run lint` uses exits with the number of errors.
  return Promise.all([run('err'), run('json')]).then(([err, json]) => ({
    exitCode: err.exitCode,
    summary: JSON.parse(json.output).summary,
  }));
}

/** A tree with the project's dependencies and the given files. */
async function tree(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'layers-'));
  for (const name of ['package.json', 'tsconfig.json', 'node_modules']) {
    await symlink(path.join(root, name), path.join(folder, name));
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

const lawful: Readonly<Record<string, string>> = {
  'lib/errors.ts': 'export class LightbusError extends Error {}\n',
  'lib/names.ts': "import { LightbusError } from './errors.js';\nexport const refuse = () => new LightbusError();\n",
  'lib/definition/event.ts': "import { createHash } from 'node:crypto';\nexport class Event { hash = createHash; }\n",
  'lib/message/message.ts':
    "import type { Event } from '../definition/event.js';\nexport type Message = { event: Event };\n",
  'lib/broker/broker.ts':
    "import type { Message } from '../message/message.js';\nexport type Broker = { send: Message };\n",
  'lib/broker/jetstream/connect.ts': "export { connect } from 'nats';\nexport type { Broker } from '../broker.js';\n",
  'lib/bus/bus.ts':
    "export { connect } from '../broker/jetstream/connect.js';\nexport { refuse } from '../names.js';\n",
  'lib/delivery/handling/outcome.ts': 'export type Outcome = string;\n',
  'lib/broker/jetstream/consuming/pulls.ts': 'export type Pulls = string;\n',
  'lib/index.ts': "export { connect } from './bus/bus.js';\nexport { LightbusError } from './errors.js';\n",
  'lib/cli/main.ts': "export { Command } from 'commander';\nexport { connect } from '../bus/bus.js';\n",
};

/** Each file breaks one rule. */
const unlawful = [
  { rule: 'layer-0-errors', file: 'lib/errors.ts', text: "export { Event } from './definition/event.js';\n" },
  {
    rule: 'layer-1-definition',
    file: 'lib/definition/api.ts',
    text: "import type { Message } from '../message/message.js';\nexport type Api = Message;\n",
  },
  { rule: 'layer-1-config', file: 'lib/config/options.ts', text: "export { Event } from '../definition/event.js';\n" },
  {
    rule: 'layer-3-broker',
    file: 'lib/broker/memory.ts',
    text: "export const load = () => import('../bus/bus.js');\n",
  },
  { rule: 'layer-6-cli', file: 'lib/cli/run.ts', text: "export { connect } from '../index.js';\n" },
  {
    rule: 'only-broker-jetstream-imports-nats',
    file: 'lib/delivery/listener.ts',
    text: "import type { Msg } from 'nats';\nexport type Taken = Msg;\n",
  },
  { rule: 'only-cli-imports-commander', file: 'lib/bus/client.ts', text: "export { Command } from 'commander';\n" },
  { rule: 'only-cli-imports-jiti', file: 'lib/bus/load.ts', text: "export { createJiti } from 'jiti';\n" },
  {
    rule: 'no-io-below-the-broker',
    file: 'lib/schema/read.ts',
    text: "export { readFile } from 'node:fs/promises';\n",
  },
  { rule: 'no-io-below-the-broker', file: 'lib/duration.ts', text: "export { setTimeout } from 'timers/promises';\n" },
  {
    rule: 'only-dependencies',
    file: 'lib/definition/infer.ts',
    text: "import type { TSchema } from 'typebox';\nexport type Given = TSchema;\n",
  },
  { rule: 'no-unresolvable', file: 'lib/bus/asyncapi.ts', text: "export { nothing } from './nothing.js';\n" },
  {
    rule: 'part-delivery-scheduling',
    file: 'lib/delivery/scheduling/loop.ts',
    text: "export type { Outcome } from '../handling/outcome.js';\n",
  },
  {
    rule: 'part-broker-jetstream-wire',
    file: 'lib/broker/jetstream/wire/status.ts',
    text: "export type { Pulls } from '../consuming/pulls.js';\n",
  },
  { rule: 'no-unknown-folder', file: 'lib/delivery/misc/more.ts', text: "export { refuse } from '../../names.js';\n" },
  { rule: 'no-unknown-part', file: 'lib/utils/retry.ts', text: "export { refuse } from '../names.js';\n" },
];

describe('the layers of lib', function () {
  this.timeout(60_000);
  let folder: string | undefined;
  afterEach(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
    folder = undefined;
  });

  it('are kept by the library as it is', async () => {
    const { exitCode, summary } = await cruise(root);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).to.deep.equal([]);
    expect(exitCode).to.equal(0);
    expect(summary.totalCruised).to.be.greaterThan(4);
  });

  it('let a lawful tree pass', async () => {
    folder = await tree(lawful);
    const { exitCode, summary } = await cruise(folder);
    expect(summary.violations).to.deep.equal([]);
    expect(exitCode).to.equal(0);
  });

  it('fail the build, naming the file, for each way to break them', async () => {
    folder = await tree({ ...lawful, ...Object.fromEntries(unlawful.map(({ file, text }) => [file, text])) });
    const { exitCode, summary } = await cruise(folder);
    const found = new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`));
    expect([...found].filter((line) => !line.startsWith('no-cycles')).sort()).to.deep.equal(
      unlawful.map(({ rule, file }) => `${rule}: ${file}`).sort(),
    );
    expect(exitCode).to.be.greaterThan(0);
  });

  it('fail the build for a cycle, also of types alone', async () => {
    folder = await tree({
      'lib/bus/client.ts': "import type { Bus } from './bus.js';\nexport type Client = { bus: Bus };\n",
      'lib/bus/bus.ts': "import type { Client } from './client.js';\nexport type Bus = { client: Client };\n",
    });
    const { exitCode, summary } = await cruise(folder);
    expect(summary.violations.map(({ rule }) => rule.name)).to.include('no-cycles');
    expect(exitCode).to.be.greaterThan(0);
  });
});
