import type { Connection } from './connection.js';

const FLUSH_AT = 64;

export const ACK = Buffer.from('+ACK');
export const WORKING = Buffer.from('+WPI');

/** The payload of a nak; the server holds the event back for `delay` milliseconds. */
export function nakPayload(delay: number): Uint8Array {
  return Buffer.from(delay > 0 ? `-NAK {"delay": ${Math.round(delay * 1_000_000)}}` : '-NAK');
}

/** Gathers acknowledgements, so that those of one turn of work leave in one write to the socket. */
export class AckQueue {
  readonly #connection: Connection;
  #addresses: string[] = [];
  #payloads: Uint8Array[] = [];
  #scheduled = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** False if there is no connection: then nothing is sent, and the event comes again after its lease. */
  push(address: string, payload: Uint8Array): boolean {
    if (!this.#connection.connected) return false;
    this.#addresses.push(address);
    this.#payloads.push(payload);
    if (this.#addresses.length >= FLUSH_AT) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return true;
  }

  /** Hands everything to the client. What is lost with a broken connection comes again after its lease. */
  flush(): void {
    const { nats, connected } = this.#connection;
    const addresses = this.#addresses;
    const payloads = this.#payloads;
    this.#addresses = [];
    this.#payloads = [];
    if (nats === undefined || !connected || nats.isClosed()) return;
    for (const [index, address] of addresses.entries()) nats.publish(address, payloads[index]);
  }
}
