import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const owner = new AsyncLocalStorage<Sockets>();
let watching = false;

/**
 * The sockets that a client opens. The client itself forgets some: one whose peer accepts and says nothing stays open after its
 * attempt to connect has failed, and keeps the process alive.
 */
export class Sockets {
  readonly #open = new Set<Socket>();

  /** Runs what opens sockets; those of later attempts to connect belong here too. */
  collect<T>(connect: () => T): T {
    if (!watching)
      subscribe('net.client.socket', (message) => owner.getStore()?.add((message as { socket: Socket }).socket));
    watching = true;
    return owner.run(this, connect);
  }

  /** Closes what is still open, without a goodbye. */
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
