// `npm run bench`: this package against the bare `nats` client, on the newest and the oldest nats-server that is supported.
//   --newest, --oldest   on one of them only          --quick   fewer events and rounds: a look, no measurement
//   --only <word>        rows whose kind is the word: fire, listen, latency, idle
// It fails if an event did not arrive, arrived twice, or was not acknowledged; it sets no limits to figures.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDLE, rows } from './bench/rows.mjs';
import { table } from './bench/show.mjs';
import { readFlags } from './flags.mjs';
import { configText, startServer } from './nats/start.mjs';
import { findNatsServer } from './nats-server.mjs';
import { capture, endEverythingOnExit } from './processes.mjs';
import { build, ROOT } from './setup.mjs';

const IDLE_RUNS = 3;
const ROW = join(ROOT, 'scripts/bench/row.mjs');

const flags = readFlags(
  {
    newest: { type: 'boolean' },
    oldest: { type: 'boolean' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    'no-build': { type: 'boolean' },
  },
  { oneOf: { only: ['fire', 'listen', 'latency', 'idle'] } },
);
const size = flags.quick ? { rounds: 3, share: 0.2 } : { rounds: 9, share: 1 };
const wanted = (kind) => flags.only === undefined || flags.only === kind;

endEverythingOnExit();
try {
  if (!flags['no-build']) await build();
  console.log(machine());
  const versions = ['newest', 'oldest'].filter((version) => flags[version] || !(flags.newest || flags.oldest));
  for (const version of versions) console.log(`\n${await benchOn(await findNatsServer({ version }))}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function machine() {
  return `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model} (${availableParallelism()} cores), Node ${process.version}, ${process.platform}`;
}

async function benchOn({ path, version }) {
  const measured = [];
  for (const { options, lines } of rows(size)) {
    if (!wanted(options.kind)) continue;
    const [rounds] = await onServer(path, [options]);
    measured.push({ lines, rounds });
  }
  // The first run makes the durables, which the others find.
  const idle = wanted('idle') ? await onServer(path, Array(1 + IDLE_RUNS).fill(IDLE)) : undefined;
  return table({ version, measured, idle });
}

/** Runs rows, one after another, each in a process of its own, on a server for them alone. */
async function onServer(binary, all) {
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-bench-'));
  let server;
  try {
    const config = join(folder, 'nats-server.conf');
    const base = await readFile(join(ROOT, 'nats-server.conf'), 'utf8');
    await writeFile(config, configText({ base, storeDir: join(folder, 'store') }));
    server = await startServer({ binary, config });
    const results = [];
    for (const options of all) results.push(await run({ ...options, url: `nats://127.0.0.1:${server.port}` }));
    return results;
  } finally {
    await server?.signal('SIGKILL');
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function run(options) {
  if (process.stderr.isTTY) console.error(`measuring ${JSON.stringify(options)} …`);
  const { code, output } = await capture(process.execPath, ['--expose-gc', ROW, JSON.stringify(options)]);
  if (code !== 0) throw new Error(`${output}\nthe row ${JSON.stringify(options)} failed with exit code ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}
