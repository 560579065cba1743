// Runs fault files, each in a mocha of its own and several at once: they wait most of the time, and have a server each.
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runTests } from '../run-tests.mjs';
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
 * @param {{ file: string, server: { version: string }, env: NodeJS.ProcessEnv }[]} runs
 * @param {{ jobs: number, minutes: number, temp: string, onDone?: (result: object) => void }} options `minutes` for each file
 * @returns the results in the order of `runs`: `{ file, server, passed, failed, titles, why, output }`
 */
export async function runFaults(runs, { jobs, minutes, temp, onDone = () => {} }) {
  const queue = runs.map((run, index) => ({ ...run, index }));
  const results = [];
  const work = async () => {
    for (let run = queue.shift(); run; run = queue.shift()) {
      results[run.index] = await runOne(run, { minutes, temp });
      onDone(results[run.index]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

async function runOne({ file, server, env, index }, { minutes, temp }) {
  let output = '';
  const onOutput = (text) => {
    output += text;
  };
  const counts = join(temp, `fault-counts-${index}.json`);
  const own = { ...env, LIGHTBUS_FAULT: faultName(file) };
  return { file, server, ...(await runTests(file, { env: own, minutes, counts, onOutput })), output };
}
