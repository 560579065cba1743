import { execFile } from 'node:child_process';

/**
 * Runs a program to its end; resolves to its standard output.
 * Failures become one line: the program, what it said last, or that it is not installed.
 */
export function command(program, args, { cwd, env, timeout = 300_000 } = {}) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, env, timeout, maxBuffer: 64 << 20, windowsHide: true }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new Error(`${program} is not installed`));
      else if (error.killed) reject(new Error(`${program} ${args[0]} did not end within ${timeout / 1000} s`));
      else reject(new Error(`${program} ${args[0]} failed: ${lastLine(stderr) || lastLine(stdout) || error.message}`));
    });
  });
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}
