import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { assertBuildIsFresh } from '../../scripts/build-stamp.mjs';

assertBuildIsFresh();

/** The command as users have it; built, not the source. */
export const COMMAND = fileURLToPath(new URL('../../dist/lightbus.cjs', import.meta.url));

/** A run of the command. It is killed when the test that started it is over: `await using lightbus = runCommand(…)`. */
export interface RunningCommand extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly out: string;
  readonly err: string;
  /** Resolves when standard output or standard error holds `text`; fails if the command ends without it. */
  said(text: string): Promise<void>;
  /** Resolves when the command has ended; the code is null if a signal ended it. */
  readonly exit: Promise<number | null>;
}

export function runCommand(
  argv: readonly string[],
  options: { directory: string; environment?: Record<string, string> },
): RunningCommand {
  const { LIGHTBUS_TEST_NATS_SERVER: _unused, NODE_OPTIONS: _tsx, ...inherited } = process.env;
  const env = { ...inherited, ...options.environment };
  const child = spawn(process.execPath, [COMMAND, ...argv], { cwd: options.directory, env });
  const seen = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.out += text;
    child.emit('said');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.err += text;
    child.emit('said');
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const says = (text: string) => `${seen.out}${seen.err}`.includes(text);
  return {
    process: child,
    get out() {
      return seen.out;
    },
    get err() {
      return seen.err;
    },
    exit,
    async said(text) {
      const ended = exit.then((code) => {
        if (!says(text)) throw new Error(`the command ended (${code}) without "${text}":\n${seen.out}${seen.err}`);
      });
      while (!says(text)) await Promise.race([once(child, 'said'), ended]);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
