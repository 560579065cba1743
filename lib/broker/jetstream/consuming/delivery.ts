import type { Msg } from 'nats';
import { type Headers, parseHeaders } from '../../../message/headers.js';
import type { Delivery } from '../../broker.js';
import type { AckAddress } from '../wire/ack-address.js';
import { headerBlock } from '../wire/header-block.js';
import { ACK, type AckQueue, nakPayload, WORKING } from './acks.js';
import type { LastDelivery } from './last-delivery.js';

/**
 * The time between the making and the deletion of a stream. Afterwards its deliveries must not be settled: a new stream of
 * the same name counts from 1 again, and an acknowledgement for the old stream's event would settle another event.
 */
export interface StreamEpoch {
  live: boolean;
  /** Called for each event that is returned to the server. */
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
