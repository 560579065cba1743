import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from 'nats';
import { configText, type RunningServer, startServer } from '../../../scripts/nats/start.mjs';
import { findNatsServer } from '../../../scripts/nats-server.mjs';

const BASE_CONFIG = fileURLToPath(new URL('../../../nats-server.conf', import.meta.url));
const LOOK_EVERY_MS = 100;

export interface ClusterNode {
  readonly name: string;
  readonly url: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** An orderly end. */
  stop(): Promise<void>;
  /** Starts it again on the same ports and store; resolves when it accepts connections. */
  restart(): Promise<void>;
}

/** Servers on this machine that replicate their streams, three unless said otherwise. */
export interface Cluster extends AsyncDisposable {
  /** All of them. */
  readonly url: string[];
  readonly nodes: readonly ClusterNode[];
  node(name: string): ClusterNode;
  /** The node that leads a stream, or a durable of it. */
  leader(stream: string, durable?: string): Promise<ClusterNode>;
  /** Makes another node lead; resolves when one does. */
  stepDown(stream: string, durable?: string): Promise<void>;
  /** Resolves when every node is there again and up to date with this stream. */
  whole(stream: string): Promise<void>;
}

/** A cluster for the `describe` in whose body it is called. */
export function useCluster(): Cluster {
  let cluster: Cluster | undefined;
  before('start a cluster of nats-servers', async function () {
    this.timeout('5m');
    cluster = await startCluster();
  });
  after('end the cluster', async () => cluster?.[Symbol.asyncDispose]());
  return new Proxy({} as Cluster, { get: (_, key) => Reflect.get(cluster as Cluster, key) as unknown });
}

/** @param size how many servers */
export async function startCluster(size = 3): Promise<Cluster> {
  const binary = process.env.LIGHTBUS_TEST_NATS_SERVER ?? (await findNatsServer()).path;
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-cluster-'));
  const routes = await freePorts(size);
  const base = await readFile(BASE_CONFIG, 'utf8');
  const nodes = await Promise.all(
    routes.map(async (port, index) => {
      const name = `n${index + 1}`;
      const config = join(folder, `${name}.conf`);
      const peers = routes.map((route) => `nats://127.0.0.1:${route}`);
      const more = `server_name: ${name}\ncluster { name: faults, listen: "127.0.0.1:${port}", routes: ${JSON.stringify(peers)} }`;
      await writeFile(config, configText({ base, storeDir: join(folder, name), more }));
      return startNode(name, binary, config);
    }),
  );
  const url = nodes.map((node) => node.url);
  const ask = createAsker(url);
  const node = (name: string) => {
    const found = nodes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  };
  const info = (stream: string, durable?: string) =>
    ask(durable ? `CONSUMER.INFO.${stream}.${durable}` : `STREAM.INFO.${stream}`) as Promise<Info>;
  async function leader(stream: string, durable?: string): Promise<ClusterNode> {
    for (;;) {
      const name = (await info(stream, durable)).cluster?.leader;
      if (name) return node(name);
      await sleep(LOOK_EVERY_MS);
    }
  }
  await ask('INFO');
  return {
    url,
    nodes,
    node,
    leader,
    async stepDown(stream, durable) {
      const old = await leader(stream, durable);
      await ask(durable ? `CONSUMER.LEADER.STEPDOWN.${stream}.${durable}` : `STREAM.LEADER.STEPDOWN.${stream}`);
      while ((await leader(stream, durable)) === old) await sleep(LOOK_EVERY_MS);
    },
    async whole(stream) {
      for (;;) {
        const { cluster } = await info(stream);
        const replicas = cluster?.replicas ?? [];
        if (replicas.length === size - 1 && replicas.every(({ current, offline }) => current && !offline)) return;
        await sleep(LOOK_EVERY_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((each) => each.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Info {
  readonly cluster?: { leader?: string; replicas?: { name: string; current: boolean; offline?: boolean }[] };
}

async function startNode(name: string, binary: string, config: string): Promise<ClusterNode> {
  let server: RunningServer | undefined = await startServer({ binary, config });
  const { port } = server;
  const end = async (signal: NodeJS.Signals) => {
    const ending = server;
    server = undefined;
    await ending?.signal(signal);
  };
  return {
    name,
    url: `nats://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGTERM');
      server = await startServer({ binary, config, port });
    },
  };
}

/** Asks until a node answers: without a leader nobody does. */
function createAsker(servers: string[]): (operation: string) => Promise<unknown> {
  return async (operation) => {
    for (;;) {
      const nats = await connect({ servers, timeout: 2000 }).catch(() => undefined);
      const answer = await nats?.request(`$JS.API.${operation}`, '', { timeout: 2000 }).catch(() => undefined);
      await nats?.close();
      const content = answer && (JSON.parse(answer.string()) as { error?: unknown });
      if (content && !content.error) return content;
      await sleep(LOOK_EVERY_MS);
    }
  };
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
