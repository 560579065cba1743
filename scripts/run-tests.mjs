// Runs one program of the tests to its end, in a process group that ends with it.
import { readFile } from 'node:fs/promises';
import { end, start } from './processes.mjs';
import { ROOT } from './setup.mjs';

/**
 * Runs Mocha on some tests.
 *
 * @param {string} tests a file or a glob
 * @param {{ env: NodeJS.ProcessEnv, minutes: number, counts: string, args?: string[], onOutput?: (text: string) => void }} options
 *   `counts` is a file of its own for what Mocha counts
 * @returns {Promise<{ passed: number, failed: number, skipped?: number, titles: string[], why?: string }>}
 *   a run that ends badly without a failed test (a file that does not load, a hang) counts as one failure
 */
export async function runTests(tests, { env, minutes, counts, args = [], onOutput }) {
  const child = start('mocha', [tests, '--reporter', 'scripts/mocha-reporter.cjs', '--forbid-only', ...args], {
    cwd: ROOT,
    env: { ...env, LIGHTBUS_TEST_COUNTS: counts },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, timedOut } = await ended(child, { minutes, onOutput });
  const counted = await readFile(counts, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 0, titles: [] }));
  if (timedOut) return { ...counted, failed: counted.failed + 1, why: `did not end within ${minutes} min` };
  if (code !== 0 && counted.failed === 0) return { ...counted, failed: 1, why: `mocha ended with exit code ${code}` };
  return counted;
}

/** Runs a line for the shell, which passes or fails as a whole. */
export async function runCommand(line, { env, minutes, onOutput }) {
  const child = start(line, [], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const { code, timedOut } = await ended(child, { minutes, onOutput });
  if (code === 0) return { passed: 1, failed: 0 };
  return { passed: 0, failed: 1, why: timedOut ? `did not end within ${minutes} min` : `exit code ${code}` };
}

async function ended(child, { minutes, onOutput = () => {} }) {
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', onOutput);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end(child);
  }, minutes * 60_000);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  // What it left running goes with it, and with that the last writer to its output.
  end(child);
  if (child.pid !== undefined) await closed;
  return { code, timedOut };
}
