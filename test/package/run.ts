import { type ChildProcess, spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program as a user would: without what npm, mocha and this project's tests have put into the environment. */
export function start(command: string, args: readonly string[], { cwd, env = {} }: RunOptions): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|LIGHTBUS_|NATS_|NODE_)/i.test(name));
  return spawn(command, args, { cwd, env: { ...Object.fromEntries(inherited), ...env }, stdio: 'pipe' });
}

/** Runs a program to its end and returns what it printed; rejects with all its output if it fails. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const child = start(command, args, options);
  let stdout = '';
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) resolve(stdout);
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${exitCode ?? signal}:\n${output}`));
    });
  });
}

/** Follows what a program prints from now on; `until` resolves once `text` was printed, and rejects if the program ends before. */
export function follow(child: ChildProcess): { until(text: string): Promise<void> } {
  let stdout = '';
  let stderr = '';
  let ended: string | undefined;
  const changed = new EventTarget();
  const tell = () => changed.dispatchEvent(new Event('change'));
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    tell();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.once('close', (exitCode, signal) => {
    ended = `ended with ${exitCode ?? signal}`;
    tell();
  });
  return {
    async until(text) {
      while (!stdout.includes(text)) {
        if (ended) throw new Error(`${ended} before it printed ${text}:\n${stdout}${stderr}`);
        await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }));
      }
    },
  };
}
