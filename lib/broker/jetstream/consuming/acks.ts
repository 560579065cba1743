import type { Connection } from '../connection/connection.js';

const FLUSH_AT = 128;
/** How long an acknowledgement may wait while each turn of the event loop adds more of them. */
const MAX_WAIT_MS = 1;

/** Made once, because the client would make one for each. */
const NO_REPLY = { reply: '' };

export const ACK = Buffer.from('+ACK');
export const WORKING = Buffer.from('+WPI');

/** A year: the server counts nanoseconds in 64 bits, and an overflow would mean no delay at all. */
const MAX_DELAY_MS = 365 * 24 * 3_600_000;

/** The payload of a nak; the server delivers the event again after `delay` milliseconds. */
export function nakPayload(delay: number): Uint8Array {
  const nanoseconds = BigInt(Math.round(Math.min(delay, MAX_DELAY_MS))) * 1_000_000n;
  return Buffer.from(delay > 0 ? `-NAK {"delay": ${nanoseconds}}` : '-NAK');
}

/**
 * Collects acknowledgements, so that many leave in one write to the socket: at the first turn of the event loop that adds
 * none, or after a millisecond if every turn adds one, as with handlers that wait very briefly, one at a time.
 */
export class AckQueue {
  readonly #connection: Connection;
  #addresses: string[] = [];
  #payloads: Uint8Array[] = [];
  #scheduled = false;
  #since = 0;
  #seen = 0;

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
      this.#since = performance.now();
      this.#seen = 0;
      setImmediate(this.#turn);
    }
    return true;
  }

  readonly #turn = (): void => {
    const gathered = this.#addresses.length;
    if (gathered > this.#seen && performance.now() - this.#since < MAX_WAIT_MS) {
      this.#seen = gathered;
      setImmediate(this.#turn);
      return;
    }
    this.#scheduled = false;
    this.flush();
  };

  /** Passes all of them to the client. Events whose acknowledgement is lost with the connection come again after their lease. */
  flush(): void {
    const { nats, connected } = this.#connection;
    const addresses = this.#addresses;
    const payloads = this.#payloads;
    this.#addresses = [];
    this.#payloads = [];
    this.#seen = 0;
    this.#since = performance.now();
    if (nats === undefined || !connected || nats.isClosed()) return;
    for (let index = 0; index < addresses.length; index++)
      nats.publish(addresses[index] as string, payloads[index], NO_REPLY);
  }
}
