import type { Msg } from 'nats';
import { type Headers, parseHeaders } from '../../../message/headers.js';
import type { Delivery } from '../../broker.js';
import type { AckAddress } from '../wire/ack-address.js';
import { headerBlock } from '../wire/header-block.js';
import { ACK, type AckQueue, nakPayload, WORKING } from './acks.js';
import type { LastDelivery } from './last-delivery.js';

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
