import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { faultFiles, runFaults } from './faults/run.mjs';
import { exec } from './processes.mjs';
import { ROOT } from './setup.mjs';

const SHELL_MINUTES = 4;
/** Fault files wait most of the time. */
const FAULTS_AT_ONCE = 6;

/** Collects what each step counted; its last printed line is `N passed, N failed`. */
export function createReport() {
  const steps = [];
  return {
    add(step) {
      steps.push(step);
      console.log(line(step));
    },
    get failed() {
      return sum(steps, 'failed');
    },
    print() {
      console.log('\nSummary');
      for (const step of steps) {
        console.log(line(step));
        for (const title of step.titles ?? []) console.log(`      failed: ${title}`);
      }
      console.log(`${sum(steps, 'passed')} passed, ${sum(steps, 'failed')} failed`);
    },
  };
}

/** A command that passes or fails as a whole. */
export async function runShellStep(report, { env }, command) {
  const began = announce(command);
  const { code, timedOut } = await exec(command, [], { cwd: ROOT, env, timeout: SHELL_MINUTES * 60_000 });
  const passed = code === 0;
  const why = passed ? undefined : timedOut ? `not done after ${SHELL_MINUTES} min` : `exit code ${code}`;
  report.add({ title: command, passed: passed ? 1 : 0, failed: passed ? 0 : 1, why, seconds: since(began) });
}

/** All tests below `test/<suite>`; nothing if there are none. */
export async function runSuiteStep(report, { env, temp, grep, coverage: wanted }, step) {
  const { suite, title = `test/${suite}`, server, coverage, minutes } = step;
  if (!(await hasTests(suite))) return;
  const began = announce(title);
  const counts = join(temp, 'counts.json');
  await rm(counts, { force: true });
  const args = [`test/${suite}/**/*.test.ts`, '--reporter', 'scripts/mocha-reporter.cjs', '--forbid-only'];
  const { code, timedOut } = await exec('mocha', [...args, ...(grep ? ['--grep', grep] : [])], {
    cwd: ROOT,
    timeout: minutes * 60_000,
    env: {
      ...env,
      LIGHTBUS_TEST_COUNTS: counts,
      ...(server && { LIGHTBUS_TEST_NATS_SERVER: server }),
      ...(wanted && coverage && { NODE_V8_COVERAGE: coverage }),
    },
  });
  report.add({ title, seconds: since(began), ...(await outcome(counts, { code, timedOut, minutes })) });
}

/** The short forms of all faults, on all servers, several files at once. */
export async function runFaultsStep(report, { env, temp, grep }, { servers, minutes }) {
  const files = await faultFiles();
  const runs = files.flatMap((file) =>
    servers.map(({ path, version }) => ({ file, version, env: { ...env, LIGHTBUS_TEST_NATS_SERVER: path } })),
  );
  if (runs.length === 0) return;
  const began = announce(`test/faults on nats-server ${servers.map(({ version }) => version).join(' and ')}`);
  const args = grep ? ['--grep', grep] : [];
  const print = ({ output }) => console.log(output.trimEnd());
  const results = await runFaults(runs, { jobs: FAULTS_AT_ONCE, minutes, temp, args, onDone: print });
  for (const { version } of servers) {
    const own = results.filter((_, index) => runs[index].version === version);
    const titles = own.flatMap((each) => each.titles);
    const why = own.flatMap(({ file, why }) => (why ? [`${file} ${why}`] : [])).join('; ') || undefined;
    const [passed, failed] = [sum(own, 'passed'), sum(own, 'failed')];
    report.add({ title: `faults on nats-server ${version}`, passed, failed, titles, why, seconds: since(began) });
  }
}

async function hasTests(suite) {
  const files = await readdir(join(ROOT, 'test', suite), { recursive: true }).catch(() => []);
  return files.some((file) => file.endsWith('.test.ts'));
}

// A run that ends badly without a failed test (a file that does not load, a hang) counts as one failure.
async function outcome(file, { code, timedOut, minutes }) {
  const counts = await readFile(file, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 0, titles: [] }));
  if (timedOut) return { ...counts, failed: counts.failed + 1, why: `did not end within ${minutes} min` };
  if (code !== 0 && counts.failed === 0) return { ...counts, failed: 1, why: `mocha ended with exit code ${code}` };
  return counts;
}

function announce(title) {
  console.log(`\n▶ ${title}`);
  return performance.now();
}

function since(began) {
  return Math.round((performance.now() - began) / 1000);
}

function line({ title, passed, failed, skipped, why, seconds }) {
  const details = [`${passed} passed`, `${failed} failed`, skipped && `${skipped} skipped`, why]
    .filter(Boolean)
    .join(', ');
  return `  ${failed > 0 ? '✗' : '✔'} ${title}: ${details}${seconds === undefined ? '' : ` (${seconds} s)`}`;
}

function sum(steps, key) {
  return steps.reduce((total, step) => total + step[key], 0);
}
