import { createInterface } from 'node:readline';
import { watchForNpm } from './orphaned.js';

/** What a command sees of the process that it runs in: where it writes, where it stands, what it is told. */
export interface Terminal {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is read by a person rather than by a program. */
  readonly isTerminal: boolean;
  /** How many characters fit on a line of standard output; undefined where nobody reads it at a terminal. */
  readonly columns?: number | undefined;
  /** Writes to standard output. */
  print(text: string): void;
  /** Keeps everything else that this process prints, such as a bus module's greeting, off standard output from now on. */
  reserveOutput(): void;
  /** Writes to standard error. */
  warn(text: string): void;
  /** Asks a person, who may answer with nothing; undefined where there is nobody to ask. */
  readonly ask?: (question: string) => Promise<string>;
  /** Calls `handler` at every SIGTERM and SIGINT, and when the npm that started this process is gone, until the function that it returns is called. */
  onSignal(handler: (signal: string) => void): () => void;
}

/** 0: done, or asked to stop. 1: a failure. 2: the command line is wrong. */
export type ExitCode = 0 | 1 | 2;

/** The command line itself is wrong, beyond what can be told from the names of flags. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The terminal of this process; `flushed` resolves when everything has been written. */
export function processTerminal(): Terminal & { flushed(): Promise<void> } {
  const { stdin, stdout, stderr } = process;
  const print = stdout.write.bind(stdout);
  const warn = stderr.write.bind(stderr);
  // A reader that went away (`lightbus dumpschema | head`) is not a failure, and none of a worker's business.
  stdout.on('error', () => {});
  stderr.on('error', () => {});
  return {
    directory: process.cwd(),
    environment: process.env,
    isTerminal: stdout.isTTY === true,
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
    print,
    warn,
    ...(stdin.isTTY && stderr.isTTY ? { ask } : {}),
    reserveOutput() {
      stdout.write = warn;
    },
    onSignal(handler) {
      process.on('SIGTERM', handler).on('SIGINT', handler);
      const unwatch = watchForNpm(process.env, () => handler('The npm that started this process has ended'));
      return () => {
        unwatch();
        process.off('SIGTERM', handler).off('SIGINT', handler);
      };
    },
    async flushed() {
      for (const write of [print, warn]) await new Promise<void>((resolve) => write('', () => resolve()));
    },
  };
}

function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // Ctrl-C and the end of the input are answers too: nothing.
    reader.on('close', () => resolve(''));
    reader.on('SIGINT', () => reader.close());
    reader.question(question, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
}
