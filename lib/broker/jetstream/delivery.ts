import type { Msg } from 'nats';
import { type Headers, parseHeaders } from '../../message/headers.js';
import type { Delivery } from '../broker.js';
import { ACK, type AckQueue, nakPayload, WORKING } from './acks.js';
import type { LastDelivery } from './last-delivery.js';

const ACK_PREFIX = '$JS.ACK.';
const TIMESTAMP = /^\d{7,20}$/;

/** What the reply subject of a delivery says: where to acknowledge it, and which delivery of what it is. */
export interface AckAddress {
  readonly stream: string;
  readonly durable: string;
  readonly deliveries: number;
  readonly sequence: number;
  /** Counts all deliveries of the durable, repeated ones too. */
  readonly durableSequence: number;
  readonly timestamp: string;
  /** Events that the durable still had to deliver then. */
  readonly pending: number;
}

/**
 * Reads an ack address: `$JS.ACK.<stream>.<durable>.<deliveries>.<stream seq>.<durable seq>.<timestamp>.<pending>`, or
 * with domain and account hash behind `$JS.ACK` (11 tokens), and a random token at the end (12).
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 */
export function parseAckAddress(reply: string | undefined): AckAddress | undefined {
  if (reply === undefined || !reply.startsWith(ACK_PREFIX)) return undefined;
  const dots: number[] = []; // Every delivery comes this way: faster than splitting, and than destructuring what that gives.
  for (let dot = ACK_PREFIX.length - 1; dot !== -1; dot = reply.indexOf('.', dot + 1)) dots.push(dot);
  const tokens = dots.length + 2;
  if (tokens !== 9 && tokens !== 11 && tokens !== 12) return undefined;
  const first = tokens === 9 ? 0 : 2;
  const token = (index: number) => reply.slice((dots[first + index] as number) + 1, dots[first + index + 1]);
  const deliveries = Number(token(2));
  const sequence = Number(token(3));
  const durableSequence = Number(token(4));
  const timestamp = token(5);
  const pending = Number(token(6));
  const sound = deliveries > 0 && sequence > 0 && durableSequence > 0 && pending >= 0 && TIMESTAMP.test(timestamp);
  if (!sound) return undefined;
  return { stream: token(0), durable: token(1), deliveries, sequence, durableSequence, timestamp, pending };
}

/**
 * Whether deliveries may be settled. Once their stream is gone they may not: a stream that is made again counts from one,
 * and an acknowledgement meant for the old one's event would settle another's.
 */
export interface Tenure {
  live: boolean;
  /** Told of each event that goes back to the server. */
  readonly gaveBack: (sequence: number) => void;
  readonly last: LastDelivery;
}

/** One message of a durable. */
export class JetStreamDelivery implements Delivery {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly stream: string;
  readonly sequence: number;
  readonly timestamp: string;
  readonly deliveries: number;
  readonly #message: Msg;
  readonly #replyTo: string;
  readonly #acks: AckQueue;
  readonly #tenure: Tenure;

  constructor(message: Msg, address: AckAddress, acks: AckQueue, tenure: Tenure) {
    this.#message = message;
    this.#replyTo = message.reply ?? '';
    this.#acks = acks;
    this.#tenure = tenure;
    this.subject = message.subject;
    this.body = message.data;
    this.stream = address.stream;
    this.sequence = address.sequence;
    this.timestamp = address.timestamp;
    this.deliveries = address.deliveries;
  }

  headers(): Headers {
    return parseHeaders(headerBlock(this.#message));
  }

  ack(): void {
    if (!this.#tenure.live) return;
    this.#tenure.last.acknowledged(this.sequence);
    this.#acks.push(this.#replyTo, ACK);
  }

  nak(delay: number): void {
    if (!this.#tenure.live) return;
    this.#tenure.gaveBack(this.sequence);
    this.#acks.push(this.#replyTo, nakPayload(delay));
  }

  working(): boolean {
    return this.#tenure.live && this.#acks.push(this.#replyTo, WORKING);
  }
}

/** The client's messages can tell their size, though its type does not say so. */
type SizedMsg = Msg & { size(): number };

/** The bytes of a message as they crossed the network, near enough. */
export function sizeOf(message: Msg): number {
  return (message as SizedMsg).size();
}

/**
 * The bytes of a message's headers. The client's own reader takes time that grows with the square of their number, which
 * a hostile sender could use; and it throws. The client keeps headers and body in one buffer, so they stand before the body.
 */
export function headerBlock(message: Msg): Uint8Array {
  const { data } = message;
  const total = sizeOf(message) - Buffer.byteLength(message.subject) - Buffer.byteLength(message.reply ?? '');
  const length = total - data.length;
  return length > 0 ? new Uint8Array(data.buffer, data.byteOffset - length, length) : data.subarray(0, 0);
}
