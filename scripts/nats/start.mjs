import { spawn } from 'node:child_process';
import { once } from 'node:events';

const READY_WITHIN = 20_000;
const LINES_KEPT = 20_000;

/** nats-server.conf's text with another store, and with `more`: what is set again replaces what was set before. */
export function configText({ base, storeDir, more = '' }) {
  return `${base}\nstore_dir: ${JSON.stringify(storeDir)}\n${more}\n`;
}

/**
 * Starts a nats-server on this machine; resolves when it accepts connections.
 *
 * @param {{ binary: string, config: string, port?: number }} options `config` is the path of a file; `port` -1 (the default) lets the
 *   server choose a free one, so that no other process can take it in between
 * @returns {Promise<{ port: number, pid: number, log(): string, signal(name: NodeJS.Signals): Promise<void> }>}
 *   `signal` resolves when the process has ended
 */
export async function startServer({ binary, config, port = -1 }) {
  const args = ['-c', config, '-a', '127.0.0.1', '-p', String(port)];
  const server = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
  const ended = once(server, 'exit').catch(() => {});
  const lines = [];
  const endWithParent = () => server.kill('SIGKILL');
  process.on('exit', endWithParent);
  ended.then(() => process.off('exit', endWithParent));

  const chosen = await ready(server, lines).catch(async (error) => {
    server.kill('SIGKILL');
    await ended;
    throw new Error(`nats-server (${binary}) did not start: ${error.message}\n${lines.join('\n')}`);
  });
  return {
    port: chosen,
    pid: server.pid,
    log: () => lines.join('\n'),
    async signal(name) {
      server.kill(name);
      await ended;
    },
  };
}

// The server's own log says which port it took and when it is ready, in the same words from 2.9 on.
function ready(server, lines) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${READY_WITHIN / 1000} s`)), READY_WITHIN);
    let port;
    let rest = '';
    server.stderr.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      for (const line of parts) {
        lines.push(line);
        port = Number(/Listening for client connections on .*:(\d+)$/.exec(line.trim())?.[1] ?? port);
        if (/Server is ready/.test(line)) settle(resolve, port);
      }
      lines.splice(0, lines.length - LINES_KEPT);
    });
    server.once('error', (error) => settle(reject, error));
    server.once('exit', (code, signal) => settle(reject, new Error(`it ended with ${signal ?? code}`)));

    function settle(how, value) {
      clearTimeout(timer);
      how(value);
    }
  });
}
