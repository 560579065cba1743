// Starts programs so that all of them, and what they start themselves, are ended.
import { execFileSync, spawn } from 'node:child_process';

const WINDOWS = process.platform === 'win32';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const groups = new Set();

/**
 * Runs a program to its end, its output on ours.
 *
 * @param {string} program looked up on the path; with no `args`, a line for the shell
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, stdio?: import('node:child_process').StdioOptions }} options
 *   `timeout` in milliseconds, after which it is ended
 * @returns {Promise<{ code: number | null, timedOut: boolean }>} `code` is null if a signal ended it
 */
export function exec(program, args, { timeout, stdio = ['ignore', 'inherit', 'inherit'], ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(program, args, { stdio, ...options });
    let timedOut = false;
    const timer =
      timeout &&
      setTimeout(() => {
        timedOut = true;
        end(child);
      }, timeout);
    child.once('error', (error) => finish(reject, error));
    child.once('exit', (code) => finish(resolve, { code, timedOut }));

    function finish(how, value) {
      clearTimeout(timer);
      // What it left running goes with it.
      end(child);
      how(value);
    }
  });
}

/** Runs a program to its end and keeps what it prints, in the order in which it came. */
export function capture(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      end(child);
      resolve({ code, output });
    });
  });
}

/** Starts a program in a process group of its own, which ends with this process at the latest. */
export function start(program, args = [], options = {}) {
  // npm and its kind are .cmd files on Windows, which only a shell starts.
  const shell = args.length === 0 || (WINDOWS && /^(npm|npx)$/.test(program));
  const child = spawn(program, args, { detached: !WINDOWS, windowsHide: true, shell, ...options });
  if (child.pid !== undefined) groups.add(child);
  return child;
}

/** Kills the program and all that it started. */
export function end(child) {
  groups.delete(child);
  try {
    if (WINDOWS) execFileSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone, all of it.
  }
}

/**
 * On Ctrl-C and its like: `cleanUp`, then the exit code that shells expect. Whatever still runs is ended on any exit.
 * A second signal does not wait for `cleanUp`.
 */
export function endEverythingOnExit(cleanUp = () => {}) {
  process.on('exit', () => [...groups].forEach(end));
  let asked = false;
  for (const [index, signal] of SIGNALS.entries()) {
    process.on(signal, async () => {
      const code = 128 + [2, 15, 1][index];
      if (asked) process.exit(code);
      asked = true;
      await Promise.resolve(cleanUp()).catch(() => {});
      process.exit(code);
    });
  }
}
