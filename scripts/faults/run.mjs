// Runs fault files, each in a mocha of its own and several at once: they wait most of the time, and have a server each.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { end, start } from '../processes.mjs';
import { ROOT } from '../setup.mjs';

const FOLDER = join('test', 'faults');

/** All fault files, in order; `only`: the beginnings of names, such as `08`. */
export async function faultFiles(only) {
  const names = await readdir(join(ROOT, FOLDER)).catch(() => []);
  return names
    .filter((name) => name.endsWith('.test.ts') && (!only || only.some((beginning) => name.startsWith(beginning))))
    .sort()
    .map((name) => join(FOLDER, name));
}

/** `01-worker-killed` for its file. */
export function faultName(file) {
  return basename(file, '.test.ts');
}

/**
 * @param {{ file: string, env: NodeJS.ProcessEnv }[]} runs
 * @param {{ jobs: number, minutes: number, temp: string, args?: string[], onDone?: (result: object) => void }} options `minutes` for each file
 * @returns the results in the order of `runs`: `{ file, passed, failed, titles, why, output }`
 */
export async function runFaults(runs, { jobs, minutes, temp, args = [], onDone = () => {} }) {
  const queue = runs.map((run, index) => ({ ...run, index }));
  const results = [];
  const work = async () => {
    for (let run = queue.shift(); run; run = queue.shift()) {
      results[run.index] = await runOne(run, { minutes, temp, args });
      onDone(results[run.index]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

async function runOne({ file, env, index }, { minutes, temp, args }) {
  const counts = join(temp, `fault-counts-${index}.json`);
  const child = start('mocha', [file, '--reporter', 'scripts/mocha-reporter.cjs', '--forbid-only', ...args], {
    cwd: ROOT,
    env: { ...env, LIGHTBUS_TEST_COUNTS: counts, LIGHTBUS_FAULT: faultName(file) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end(child);
  }, minutes * 60_000);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  clearTimeout(timer);
  end(child);
  return { file, output, ...(await outcome(counts, { code, timedOut, minutes })) };
}

// A run that ends badly without a failed test (a file that does not load, a hang) counts as one failure.
async function outcome(counts, { code, timedOut, minutes }) {
  const counted = await readFile(counts, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 0, titles: [] }));
  if (timedOut) return { ...counted, failed: counted.failed + 1, why: `did not end within ${minutes} min` };
  if (code !== 0 && counted.failed === 0) return { ...counted, failed: 1, why: `mocha ended with exit code ${code}` };
  return counted;
}
