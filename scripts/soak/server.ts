import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configText, type RunningServer, startServer } from '../nats/start.mjs';

const BASE_CONFIG = fileURLToPath(new URL('../../nats-server.conf', import.meta.url));

/** A nats-server that can be killed and started again on its port and store. */
export interface SoakServer extends AsyncDisposable {
  readonly url: string;
  killFor(milliseconds: number): Promise<void>;
}

export async function startSoakServer(binary: string): Promise<SoakServer> {
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-soak-'));
  const config = join(folder, 'nats-server.conf');
  await writeFile(
    config,
    configText({ base: await readFile(BASE_CONFIG, 'utf8'), storeDir: join(folder, 'store'), more: '' }),
  );
  let server: RunningServer = await startServer({ binary, config });
  const { port } = server;
  return {
    url: `nats://127.0.0.1:${port}`,
    async killFor(milliseconds) {
      await server.signal('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      server = await startServer({ binary, config, port });
    },
    async [Symbol.asyncDispose]() {
      await server.signal('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
