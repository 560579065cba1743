import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOperationReader, isAck, type Operation } from './client-protocol.js';

/** How a proxy treats what passes through it. */
export type Weather =
  | 'fair'
  /** Nothing passes, either way, and nobody is told: half-open connections, as after a cable was pulled. They stay so. */
  | 'swallow'
  /** Acknowledgements alone do not reach the server. */
  | 'swallow-acks'
  /** No connection is accepted. */
  | 'refuse';

/** Resolves when a socket takes more, or has ended. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** Stands between a bus and its server, on this machine. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  weather: Weather;
  /** Bytes a second that pass, each way and over all connections; undefined for no limit. */
  bytesPerSecond: number | undefined;
  /**
   * Asked of every line that a client sends, such as `HPUB lightbus.auth.user_created …`: whether all connections are cut
   * just before it gets through, or just after.
   */
  cutAt: ((line: string) => 'before' | 'after' | undefined) | undefined;
  /** How many acknowledgements it has swallowed. */
  readonly swallowedAcks: number;
  /** Ends all connections at once, with a reset. */
  cut(): void;
}

const SLICE_MS = 20;

export async function openProxy(target: { readonly port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const state = {
    weather: 'fair' as Weather,
    bytesPerSecond: undefined as number | undefined,
    cutAt: undefined as Proxy['cutAt'],
    swallowedAcks: 0,
  };
  const server = createServer((client) => {
    if (state.weather === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target.port, '127.0.0.1');
    const pair = [client, upstream] as const;
    // Once bytes are missing nothing more passes: what came after them would make no sense.
    const line = { dead: false, ends: false };
    for (const socket of pair) {
      sockets.add(socket);
      const other = socket === client ? upstream : client;
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        // Of a half-open connection the other side does not hear.
        if (!line.dead) other.destroy();
      });
    }
    const read = createOperationReader();
    const keep = (operation: Operation) => {
      if (state.weather !== 'swallow-acks' || !isAck(operation)) return true;
      state.swallowedAcks += 1;
      return false;
    };
    const kept = (chunk: Buffer) => {
      const passing: Buffer[] = [];
      for (const operation of read(chunk).filter(keep)) {
        const end = line.ends ? 'before' : state.cutAt?.(operation.line);
        if (end !== 'before') passing.push(operation.bytes);
        line.ends ||= end !== undefined;
      }
      return Buffer.concat(passing);
    };
    void pass(line, [client, upstream], kept);
    void pass(line, [upstream, client], (chunk) => chunk);
  });

  async function pass(
    line: { dead: boolean; ends: boolean },
    [from, to]: readonly [Socket, Socket],
    filter: (chunk: Buffer) => Buffer,
  ): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        line.dead ||= state.weather === 'swallow';
        if (line.dead) continue;
        for (const slice of slices(filter(chunk))) {
          if (!to.write(slice)) await drained(to);
          if (state.bytesPerSecond !== undefined) await sleep((slice.length / state.bytesPerSecond) * 1000);
        }
        if (line.ends) for (const socket of [from, to]) socket.destroy();
      }
    } catch {
      // The connection has ended; its `close` says so to the other side.
    }
  }

  function* slices(bytes: Buffer): Generator<Buffer> {
    const size = state.bytesPerSecond === undefined ? bytes.length : (state.bytesPerSecond * SLICE_MS) / 1000;
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return Object.assign(Object.defineProperty(state, 'url', { value: `nats://127.0.0.1:${port}` }), {
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  }) as never as Proxy;
}
