// `npm test`: sets itself up, runs every check, and says at the end what failed. A failing step never hides a later one.
//
//   npm test -- --only unit,behaviour      some of: lint, build, unit, behaviour, faults, package, docs
//   npm test -- --grep 'dead server'       tests by their name
//   npm test -- --server newest            on one server only: newest or oldest
//   npm test -- --jobs 1                   one step at a time; four otherwise, for most of the tests wait most of the time
//   npm test -- --coverage                 with the coverage of the units and of the behaviour on the newest server
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { assertBuildIsFresh } from './build-stamp.mjs';
import { findNatsServer } from './nats-server.mjs';
import { endEverythingOnExit, exec } from './processes.mjs';
import { installDependencies, ROOT } from './setup.mjs';
import { createReport } from './test-report.mjs';
import { commandStep, runSteps, testSteps } from './test-steps.mjs';

const PARTS = ['lint', 'build', 'unit', 'behaviour', 'faults', 'package', 'docs'];
const SERVERS = ['newest', 'oldest'];
/** The parts whose tests run what is in dist/. */
const RUN_THE_BUILD = ['behaviour', 'faults', 'package', 'docs'];

const options = readOptions();
// Whatever the tests put into the temporary folder goes with it, also when one of them is killed.
const temp = await mkdtemp(join(tmpdir(), 'lightbus-npm-test-'));
const removeTemp = () => rm(temp, { recursive: true, force: true, maxRetries: 5 });
endEverythingOnExit(removeTemp);

const report = createReport();
try {
  await installDependencies((line) => console.log(line));
  await runAll();
} finally {
  await removeTemp();
}
report.print();
process.exitCode = report.failed > 0 ? 1 : 0;

async function runAll() {
  const context = { env: environment(), temp, grep: options.grep };
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const first = [];
  // `npm run lint` stops at its first failure; here each of its commands has its turn.
  if (options.only.has('lint')) first.push(...scripts.lint.split('&&').map((line) => commandStep(line.trim())));
  if (options.only.has('build')) first.push(commandStep(scripts.build));
  await runSteps(first, { ...context, report, jobs: 1 });

  const withBuild = RUN_THE_BUILD.filter((part) => options.only.has(part));
  if (withBuild.length > 0 && !isBuildFresh()) return;
  const servers = withBuild.length > 0 ? await getServers() : [];
  const coverage = options.coverage ? join(temp, 'coverage') : undefined;
  const steps = await testSteps({ only: options.only, servers, coverage });
  await runSteps(steps, { ...context, report, jobs: options.jobs });
  if (coverage) await showCoverage(coverage, context.env);
}

function isBuildFresh() {
  try {
    assertBuildIsFresh();
    return true;
  } catch (error) {
    report.add({ title: 'the build', passed: 0, failed: 1, why: error.message });
    return false;
  }
}

async function getServers() {
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

async function showCoverage(folder, env) {
  const args = ['report', '--temp-directory', folder, '--src', 'lib', '--include', 'lib/**'];
  console.log('\n▶ coverage of the units and of the behaviour on the newest server');
  await exec('c8', [...args, '--reporter', 'text', '--reporter', 'html'], { cwd: ROOT, env });
}

function environment() {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH ?? process.env.Path].join(delimiter);
  const { Path: _path, ...inherited } = process.env;
  return { ...inherited, PATH: path, TMPDIR: temp, TEMP: temp, TMP: temp };
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      grep: { type: 'string' },
      server: { type: 'string' },
      jobs: { type: 'string', default: '4' },
      coverage: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.split(',') ?? PARTS;
  const servers = values.server?.split(',') ?? SERVERS;
  check('--only', only, PARTS);
  check('--server', servers, SERVERS);
  const jobs = Number(values.jobs);
  if (!(Number.isInteger(jobs) && jobs > 0)) refuse(`--jobs ${values.jobs}: give a whole number from 1 on`);
  return { only: new Set(only), servers, grep: values.grep, jobs, coverage: values.coverage };
}

function check(flag, given, allowed) {
  const wrong = given.find((name) => !allowed.includes(name));
  if (wrong === undefined) return;
  refuse(`${flag} ${wrong}: give one or more of ${allowed.join(', ')}, separated by commas`);
}

function refuse(message) {
  console.error(message);
  process.exit(2);
}
