import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configText, type RunningServer, startServer } from '../../scripts/nats/start.mjs';
import { findNatsServer } from '../../scripts/nats-server.mjs';

const BASE_CONFIG = fileURLToPath(new URL('../../nats-server.conf', import.meta.url));

export interface NatsOptions {
  /**
   * Text after nats-server.conf; what it sets again, it replaces as a whole: `max_payload: 64KB`,
   * `authorization { user: u, password: p }`, `jetstream: disabled`, `jetstream { max_file_store: 1MB }`.
   */
  config?: string;
  /** The program. @default the one that `LIGHTBUS_TEST_NATS_SERVER` names, else the pinned newest */
  binary?: string;
}

/** A nats-server of its own: port, store and process belong to this test alone. */
export interface Nats {
  /** `nats://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Of the server's process, while it runs. */
  readonly pid: number;
  /** The last lines that the server logged. */
  log(): string;
  /** Ends the server in its orderly way. Port and store stay, for `restart()`. */
  stop(): Promise<void>;
  /** Ends the server with SIGKILL. Port and store stay, for `restart()`. */
  kill(): Promise<void>;
  /** Starts it on the same port and store, after an orderly stop if it still runs; resolves when it accepts connections. */
  restart(): Promise<void>;
  /** Has the running server read another `config`; resolves when it goes by it. */
  reload(config: string): Promise<void>;
}

/**
 * A server for the `describe` in whose body it is called: started before its tests, ended after them.
 *
 * @example
 * describe('firing', () => {
 *   const nats = useNats();
 *   it('stores the event', async () => { … nats.url … });
 * });
 */
export function useNats(options: NatsOptions = {}): Nats {
  if (running)
    throw new Error(
      'call useNats() in the body of describe; in a hook or a test: await using nats = await startNats()',
    );
  let nats: (Nats & AsyncDisposable) | undefined;
  // The time is for a first run, which may have to fetch the server.
  before('start nats-server', async function () {
    this.timeout('5m');
    nats = await startNats(options);
  });
  after('end nats-server', async () => nats?.[Symbol.asyncDispose]());

  const started = (): Nats => {
    if (!nats) throw new Error('the nats-server runs in hooks and tests only: read nats.url there');
    return nats;
  };
  return {
    get url() {
      return started().url;
    },
    get port() {
      return started().port;
    },
    get storeDir() {
      return started().storeDir;
    },
    get pid() {
      return started().pid;
    },
    log: () => started().log(),
    stop: () => started().stop(),
    kill: () => started().kill(),
    restart: () => started().restart(),
    reload: (config) => started().reload(config),
  };
}

/** A server for one test or hook; whoever starts it ends it: `await using nats = await startNats()`. */
export async function startNats(options: NatsOptions = {}): Promise<Nats & AsyncDisposable> {
  const binary = options.binary ?? process.env.LIGHTBUS_TEST_NATS_SERVER ?? (await findNatsServer()).path;
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-test-'));
  const [storeDir, config] = [join(folder, 'store'), join(folder, 'nats-server.conf')];
  const base = await readFile(BASE_CONFIG, 'utf8');
  const configure = (more: string) => writeFile(config, configText({ base, storeDir, more }));
  await configure(options.config ?? '');

  let server: RunningServer | undefined;
  try {
    server = await startServer({ binary, config });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const { port } = server;
  let { pid, log } = server;
  const end = async (signal: NodeJS.Signals) => {
    const ending = server;
    server = undefined;
    await ending?.signal(signal);
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid() {
      return pid;
    },
    log: () => log(),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      server = await startServer({ binary, config, port });
      ({ pid, log } = server);
    },
    async reload(more) {
      const reloads = () => log().split('Reloaded server configuration').length;
      const before = reloads();
      await configure(more);
      process.kill(pid, 'SIGHUP');
      while (reloads() === before) await sleep(20);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

// Mocha would attach a hook that is made while tests run to the root, where it ends the server only at the very end.
let running = false;
before(() => {
  running = true;
});
