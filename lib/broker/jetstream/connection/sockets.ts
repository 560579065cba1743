import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const owner = new AsyncLocalStorage<Sockets>();
let watching = false;

/**
 * The sockets that a client opens. The client forgets some: if a peer accepts and says nothing, the socket stays open after the
 * failed attempt, and keeps the process alive.
 */
export class Sockets {
  readonly #open = new Set<Socket>();

  /** Runs a function that opens sockets; those of its later attempts belong here too. */
  collect<T>(connect: () => T): T {
    if (!watching)
      subscribe('net.client.socket', (message) => owner.getStore()?.add((message as { socket: Socket }).socket));
    watching = true;
    return owner.run(this, connect);
  }

  /** Destroys all open sockets. */
  destroy(): void {
    for (const socket of this.#open) {
      // The client may have removed its own listener: an error of a socket that nobody listens to would end the process.
      socket.on('error', () => undefined);
      socket.destroy();
    }
    this.#open.clear();
  }

  add(socket: Socket): void {
    // Not by the event `close`: the client removes the listeners of others, too.
    for (const other of this.#open) if (other.destroyed) this.#open.delete(other);
    this.#open.add(socket);
  }
}
