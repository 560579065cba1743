import { once } from 'node:events';
import { join } from 'node:path';
import { end, start } from '../processes.mjs';
import { ROOT } from '../setup.mjs';

const LINES_KEPT = 15;
const STOPS_WITHIN = 10_000;

/** `lightbus run` in the service's folder, as a process of its own. */
export function startWorker(service, environment) {
  const child = start(process.execPath, [join(ROOT, 'dist', 'lightbus.cjs'), 'run'], {
    cwd: join(ROOT, 'examples', 'quickstart', service),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      lines.push(...text.split('\n').filter(Boolean));
      lines.splice(0, lines.length - LINES_KEPT);
    });
  }
  const exited = once(child, 'exit').catch(() => {});
  let asked = false;
  const ended = () => child.signalCode ?? child.exitCode;
  return {
    service,
    /** The exit code or the signal that ended it. */
    ended,
    /** It has ended, and nobody asked it to. */
    failed: () => !asked && ended() !== null,
    log: () => lines.join('\n'),
    async kill() {
      asked = true;
      child.kill('SIGKILL');
      await exited;
    },
    /** Resolves to the exit code of an orderly end. */
    async stop() {
      asked = true;
      child.kill('SIGTERM');
      const timer = setTimeout(() => end(child), STOPS_WITHIN);
      await exited;
      clearTimeout(timer);
      return child.exitCode;
    },
  };
}
