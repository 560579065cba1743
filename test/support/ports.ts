import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A port that answers nobody: it takes connections and says nothing. */
export async function silentServer(): Promise<{ port: number } & Disposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    // The NATS client leaves a connection open on which it has waited in vain: it ends here, else the process would not.
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** A port where nothing listens. */
export async function freePort(): Promise<number> {
  using server = await silentServer();
  return server.port;
}
