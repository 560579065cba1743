import { fileURLToPath } from 'node:url';
import { type RunningCommand, runCommand } from '../../support/command.js';
import type { WorkerSettings } from './service/settings.js';

const SERVICE = fileURLToPath(new URL('./service', import.meta.url));

/** `lightbus run` on the service under test, a process of its own. */
export interface RunningWorker extends RunningCommand {
  readonly name: string;
  /** Everything that it logged so far, one object an entry. */
  logged(): LogEntry[];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

export interface LogEntry {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** @param node flags for Node itself, e.g. `--max-old-space-size=64` */
export function startWorker(settings: WorkerSettings, url: string, node: string = ''): RunningWorker {
  const command = runCommand(['run', '--bus', 'bus.ts'], {
    directory: SERVICE,
    environment: { NATS_URL: url, JOBS_SETTINGS: JSON.stringify(settings), ...(node && { NODE_OPTIONS: node }) },
  });
  return Object.defineProperties(command, {
    name: { value: settings.processName },
    logged: { value: () => entriesOf(command.err) },
    kill: {
      value: async () => {
        command.process.kill('SIGKILL');
        await command.exit;
      },
    },
    stop: {
      value: () => {
        command.process.kill('SIGTERM');
        return command.exit;
      },
    },
  }) as RunningWorker;
}

function entriesOf(text: string): LogEntry[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{"level":'));
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as LogEntry];
    } catch {
      return []; // Not yet written to its end.
    }
  });
}
