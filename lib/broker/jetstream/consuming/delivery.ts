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
export interface StreamEpoch {
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
  readonly #epoch: StreamEpoch;

  constructor(message: Msg, address: AckAddress, acks: AckQueue, epoch: StreamEpoch) {
    this.#message = message;
    this.#replyTo = message.reply ?? '';
    this.#acks = acks;
    this.#epoch = epoch;
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
    if (!this.#epoch.live) return;
    this.#epoch.last.acknowledged(this.sequence);
    this.#acks.push(this.#replyTo, ACK);
  }

  nak(delay: number): void {
    if (!this.#epoch.live) return;
    this.#epoch.gaveBack(this.sequence);
    this.#acks.push(this.#replyTo, nakPayload(delay));
  }

  working(): boolean {
    return this.#epoch.live && this.#acks.push(this.#replyTo, WORKING);
  }
}
