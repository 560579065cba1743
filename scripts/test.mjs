// `npm test`: sets itself up, runs every check, and says at the end what failed. A failing step never hides a later one.
//
//   npm test -- --only unit,behaviour      some of: lint, build, unit, behaviour, faults, package, docs
//   npm test -- --grep 'dead server'       tests by their name
//   npm test -- --server newest            on one server only: newest or oldest
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findNatsServer } from './nats-server.mjs';
import { endEverythingOnExit, exec } from './processes.mjs';
import { installDependencies, ROOT } from './setup.mjs';
import { createReport, runFaultsStep, runShellStep, runSuiteStep } from './test-steps.mjs';

const PARTS = ['lint', 'build', 'unit', 'behaviour', 'faults', 'package', 'docs'];
const SERVERS = ['newest', 'oldest'];

const options = readOptions();
// Whatever the tests put into the temporary folder goes with it, also when one of them is killed.
const temp = await mkdtemp(join(tmpdir(), 'lightbus-npm-test-'));
const removeTemp = () => rm(temp, { recursive: true, force: true, maxRetries: 5 });
endEverythingOnExit(removeTemp);

const report = createReport();
try {
  await installDependencies((line) => console.log(line));
  await runAll(report, context());
} finally {
  await removeTemp();
}
report.print();
process.exitCode = report.failed > 0 ? 1 : 0;

async function runAll(report, context) {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  if (options.only.has('lint')) {
    // `npm run lint` stops at its first failure; here each of its commands has its turn.
    for (const line of scripts.lint.split('&&')) await runShellStep(report, context, line.trim());
  }
  if (options.only.has('build')) await runShellStep(report, context, scripts.build);

  const coverage = join(temp, 'coverage');
  if (options.only.has('unit')) await runSuiteStep(report, context, { suite: 'unit', coverage, minutes: 3 });
  const servers = needsServers() ? await getServers(report) : [];
  for (const { name, path, version } of servers) {
    if (!options.only.has('behaviour')) break;
    const first = name === 'newest';
    const step = { suite: 'behaviour', title: `behaviour on nats-server ${version}`, server: path, minutes: 6 };
    await runSuiteStep(report, context, first ? { ...step, coverage } : step);
  }
  if (options.only.has('faults')) await runFaultsStep(report, context, { servers, minutes: 5 });
  if (options.only.has('package')) {
    await runSuiteStep(report, context, { suite: 'package', server: servers[0]?.path, minutes: 6 });
  }
  for (const { path, version } of servers) {
    if (!options.only.has('docs')) break;
    const title = `the documentation on nats-server ${version}`;
    await runSuiteStep(report, context, { suite: 'docs', title, server: path, minutes: 4 });
  }
  await showCoverage(context, coverage);
}

function needsServers() {
  return ['behaviour', 'faults', 'package', 'docs'].some((part) => options.only.has(part));
}

async function getServers(report) {
  const found = [];
  for (const name of options.servers) {
    try {
      const server = await findNatsServer({ version: name, log: (line) => console.log(line) });
      console.log(`nats-server ${server.version} (${name}): ${server.path}`);
      found.push({ name, ...server });
    } catch (error) {
      console.error(error.message);
      report.add({ title: `nats-server (${name})`, passed: 0, failed: 1, why: 'none was found, see above' });
    }
  }
  return found;
}

async function showCoverage({ env }, folder) {
  const args = ['report', '--temp-directory', folder, '--src', 'lib', '--include', 'lib/**'];
  if (!options.coverage) return;
  console.log('\n▶ coverage of the units and of the behaviour on the newest server');
  await exec('c8', [...args, '--reporter', 'text', '--reporter', 'html'], { cwd: ROOT, env });
}

function context() {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? process.env.Path].join(
    process.platform === 'win32' ? ';' : ':',
  );
  const { Path: _path, ...environment } = process.env;
  const env = { ...environment, PATH: path, TMPDIR: temp, TEMP: temp, TMP: temp };
  return { env, temp, grep: options.grep, coverage: options.coverage };
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      grep: { type: 'string' },
      server: { type: 'string' },
      'no-coverage': { type: 'boolean' },
    },
  });
  const only = values.only?.split(',') ?? PARTS;
  const servers = values.server?.split(',') ?? SERVERS;
  check('--only', only, PARTS);
  check('--server', servers, SERVERS);
  const suites = only.includes('unit') || (only.includes('behaviour') && servers.includes('newest'));
  return {
    only: new Set(only),
    servers,
    grep: values.grep,
    coverage: suites && !values.grep && !values['no-coverage'],
  };
}

function check(flag, given, allowed) {
  const wrong = given.find((name) => !allowed.includes(name));
  if (wrong === undefined) return;
  console.error(`${flag} ${wrong}: give one or more of ${allowed.join(', ')}, separated by commas`);
  process.exit(2);
}
