// `npm run test:faults`: every fault in full, ten rounds on both servers; the table goes to docs/reliability.md.
//
//   npm run test:faults -- --rounds 2 --only 06,08      fewer rounds, some faults; their table is printed, not written
//   npm run test:faults -- --server oldest --jobs 1     on one server only, one file at a time
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { faultFiles, faultName, runFaults } from './faults/run.mjs';
import { render, tally, writeTable } from './faults/table.mjs';
import { readFlags, stop } from './flags.mjs';
import { findNatsServer } from './nats-server.mjs';
import { endEverythingOnExit } from './processes.mjs';
import { build, installDependencies, ROOT } from './setup.mjs';

const MINUTES_PER_FILE = 20;
const values = readFlags(
  {
    rounds: { type: 'string', default: '10' },
    only: { type: 'string' },
    server: { type: 'string' },
    jobs: { type: 'string', default: '6' },
    short: { type: 'boolean', default: false },
  },
  { numbers: ['rounds', 'jobs'], oneOf: { server: ['newest', 'oldest'] } },
);
const temp = await mkdtemp(join(tmpdir(), 'lightbus-faults-'));
const removeTemp = () => rm(temp, { recursive: true, force: true, maxRetries: 5 });
endEverythingOnExit(removeTemp);

try {
  await installDependencies((line) => console.log(line));
  await build();
  const { rounds, accounts, versions } = await runAll();
  const rows = tally(rounds, accounts);
  const table = render(rows, { date: new Date().toISOString().slice(0, 10), versions: versions.join(', ') });
  console.log(`\n${table}`);
  if (!values.only && !values.server && !values.short) await writeTable(table);
  const failed = rounds.filter(({ passed }) => !passed).length;
  console.log(`\n${rounds.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  await removeTemp();
}

async function runAll() {
  const files = await faultFiles(values.only?.split(','));
  if (files.length === 0) stop(`--only ${values.only}: no file of test/faults begins so; give e.g. 01,17`);
  const servers = [];
  for (const name of values.server?.split(',') ?? ['newest', 'oldest']) {
    servers.push(await findNatsServer({ version: name, log: console.log }));
  }
  const rounds = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const runs = files.flatMap((file) => servers.map((server) => ({ file, server, env: environment(server) })));
    await runFaults(runs, {
      jobs: Number(values.jobs),
      minutes: MINUTES_PER_FILE,
      temp,
      onDone: (result) => rounds.push(note(result, round)),
    });
  }
  const accounts = [];
  for (const { version } of servers) accounts.push(...(await accountsOf(version)));
  const node = `Node ${process.versions.node}`;
  return { rounds, accounts, versions: [...servers.map(({ version }) => `nats-server ${version}`), node] };
}

function note({ file, server: { version: server }, failed, why, output }, round) {
  const fault = faultName(file);
  console.log(`${failed === 0 ? '✔' : '✗'} round ${round}, nats-server ${server}: ${fault}${why ? ` (${why})` : ''}`);
  if (failed > 0) console.log(output);
  return { server, fault, passed: failed === 0 };
}

function resultsOf(version) {
  return join(temp, `results-${version}.jsonl`);
}

async function accountsOf(version) {
  await appendFile(resultsOf(version), '');
  const lines = (await readFile(resultsOf(version), 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => ({ server: version, ...JSON.parse(line) }));
}

function environment({ path, version }) {
  return {
    ...process.env,
    PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
    TMPDIR: temp,
    LIGHTBUS_TEST_NATS_SERVER: path,
    LIGHTBUS_FAULTS_RESULTS: resultsOf(version),
    ...(values.short ? {} : { FAULTS: 'full' }),
  };
}
