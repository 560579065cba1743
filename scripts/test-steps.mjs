// The steps of `npm test`, and how they run: several at once, the longest first, each with its output in one piece.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { faultFiles, faultName } from './faults/run.mjs';
import { runCommand, runTests } from './run-tests.mjs';
import { ROOT } from './setup.mjs';

const COMMAND_MINUTES = 4;
const PROGRESS_EVERY_MS = 30_000;

/** A command that passes or fails as a whole. */
export function commandStep(command) {
  return { title: command, command, minutes: COMMAND_MINUTES };
}

/**
 * The steps that run tests, the longest first.
 *
 * @param {{ only: Set<string>, servers: { name: string, path: string, version: string }[], coverage?: string }} options
 *   `coverage` is the folder for V8's records of the units and of the behaviour on the newest server
 */
export async function testSteps({ only, servers, coverage }) {
  const record = coverage ? { NODE_V8_COVERAGE: coverage } : {};
  const steps = [];
  if (only.has('behaviour')) {
    for (const server of servers) {
      const env = server.name === 'newest' ? record : {};
      steps.push(suite('behaviour', { title: `behaviour on nats-server ${server.version}`, server, env, minutes: 12 }));
    }
  }
  if (only.has('package')) steps.push(suite('package', { server: servers[0], minutes: 8 }));
  if (only.has('faults')) {
    for (const file of await faultFiles()) steps.push(...servers.map((server) => fault(file, server)));
  }
  if (only.has('docs')) {
    for (const server of servers) {
      const title = `the documentation on nats-server ${server.version}`;
      steps.push(suite('docs', { title, server, minutes: 6 }));
    }
  }
  if (only.has('unit')) steps.push(suite('unit', { env: record, minutes: 6 }));
  const found = await Promise.all(steps.map(hasTests));
  return steps.filter((_, index) => found[index]);
}

// One of these at a time: they use the same names, and a server may get the port that another suite's has just left, to
// which a client of that suite still comes back.
function suite(name, { title = `test/${name}`, server, env = {}, minutes }) {
  return {
    lane: server ? 'names' : undefined,
    title,
    tests: `test/${name}/**/*.test.ts`,
    folder: name,
    env: { ...env, ...serverOf(server) },
    minutes,
  };
}

function fault(file, server) {
  return {
    title: `fault ${faultName(file)} on nats-server ${server.version}`,
    group: `faults on nats-server ${server.version}`,
    tests: file,
    env: { ...serverOf(server), LIGHTBUS_FAULT: faultName(file) },
    minutes: 6,
  };
}

function serverOf(server) {
  return server ? { LIGHTBUS_TEST_NATS_SERVER: server.path } : {};
}

async function hasTests({ folder }) {
  if (folder === undefined) return true;
  const files = await readdir(join(ROOT, 'test', folder), { recursive: true }).catch(() => []);
  return files.some((file) => file.endsWith('.test.ts'));
}

/** Runs the steps, at most `jobs` at once; the report hears of each when it has ended. */
export async function runSteps(steps, { report, jobs, ...context }) {
  const queue = steps.map((step, index) => ({ ...step, index }));
  const running = new Map();
  const progress = setInterval(() => showProgress(running, queue.length), PROGRESS_EVERY_MS);
  const work = async () => {
    for (let step = take(queue, running); step; step = take(queue, running)) {
      const state = { began: performance.now(), output: '', lane: step.lane };
      running.set(step.title, state);
      const result = await runStep(step, state, context);
      running.delete(step.title);
      if (result.failed > 0) console.log(`\n▶ ${step.title}\n${state.output.trimEnd()}`);
      report.add({ title: step.title, group: step.group, seconds: since(state.began), ...result });
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    clearInterval(progress);
  }
}

/** The next step whose lane is free. */
function take(queue, running) {
  const busy = new Set([...running.values()].map(({ lane }) => lane));
  const index = queue.findIndex(({ lane }) => lane === undefined || !busy.has(lane));
  return index < 0 ? undefined : queue.splice(index, 1)[0];
}

function showProgress(running, waiting) {
  const parts = [...running].map(([title, { began, output }]) => {
    const passed = output.split('✔').length - 1;
    return `${title} (${passed > 0 ? `${passed} passed, ` : ''}${since(began)} s)`;
  });
  if (parts.length > 0) console.log(`  … ${parts.join(', ')}${waiting > 0 ? `, ${waiting} more to run` : ''}`);
}

function runStep({ command, tests, env: own, minutes, index }, state, { env, temp, grep }) {
  const onOutput = (text) => {
    state.output += text;
  };
  if (command) return runCommand(command, { env, minutes, onOutput });
  const counts = join(temp, `counts-${index}.json`);
  return runTests(tests, { env: { ...env, ...own }, minutes, counts, args: grep ? ['--grep', grep] : [], onOutput });
}

function since(began) {
  return Math.round((performance.now() - began) / 1000);
}
