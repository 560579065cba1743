import { createInbox, type Msg, type NatsConnection } from 'nats';
import { EventFireTimeout, LightbusError } from '../../errors.js';
import { parseHeaders } from '../../message/headers.js';
import type { MessageStore, StoredMessage, StreamSpec, WaitOptions } from '../broker.js';
import { pause, within } from '../wait.js';
import type { Connection } from './connection/connection.js';
import { ApiCode, isApiError, type JetStreamApi } from './connection/requests.js';
import { explainMissingRight } from './connection/rights.js';
import { subscribe } from './connection/subscribe.js';
import type { Provisioner } from './provisioning/provision.js';
import { parseAckAddress } from './wire/ack-address.js';
import { headerBlock } from './wire/header-block.js';

const PAGE = 64;
/** A page without an answer for so long is asked for again. */
const SILENCE_MS = 5000;
const SILENT_PAGES = 3;
const FORGOTTEN_AFTER_NS = 60_000_000_000;
/** `sequence not found`, `no message found`: which one depends on the server's version and on what became of the message. */
const NOT_THERE = [10037, 10043] as const;
const DELETE_FAILED = 10057;
const STREAM_NAME = /^[^\s.*>/\\\p{Cc}]{1,255}$/u;

/** A reader of a stream, on the server; gone by itself a minute after it was last used. */
interface Reader {
  readonly name: string;
  /** Messages that it had not delivered when it was made. */
  readonly pending: number;
}

/**
 * Reads and deletes what a stream keeps. Lists are read through an ephemeral pull consumer: of the ways that 2.9 has, the
 * only one that costs less than a round trip for each message.
 */
export class JetStreamStore implements MessageStore {
  readonly #connection: Connection;
  readonly #api: JetStreamApi;
  readonly #provisioner: Provisioner;

  constructor(connection: Connection, api: JetStreamApi, provisioner: Provisioner) {
    this.#connection = connection;
    this.#api = api;
    this.#provisioner = provisioner;
  }

  async *browse(spec: StreamSpec, subjects: string, waitOptions: () => WaitOptions): AsyncGenerator<StoredMessage> {
    const info = await this.#provisioner.findStream(spec, waitOptions(), 'read');
    if (info === undefined) return;
    const stream = info.config.name;
    const last = info.state.last_seq;
    let next = Math.max(1, info.state.first_seq);
    let silent = 0;
    // Each reader goes on until it ends or falls silent; another one then begins behind what has been read.
    while (next <= last) {
      const reader = await this.#openReader(stream, subjects, next, waitOptions());
      try {
        let left = reader.pending;
        while (left > 0 && next <= last) {
          const { messages, pending } = await this.#page(stream, reader, Math.min(PAGE, left), waitOptions());
          for (const message of messages) {
            if (message.sequence > last) return;
            next = message.sequence + 1;
            yield message;
          }
          if (messages.length === 0) {
            silent += 1;
            break;
          }
          silent = 0;
          left = pending;
        }
        if (left === 0) return;
        if (silent === SILENT_PAGES) {
          throw new LightbusError(
            `The server does not hand over what ${stream} holds; may this user publish to ${this.#api.prefix}.CONSUMER.MSG.NEXT.${stream}.> ?`,
          );
        }
      } finally {
        this.#forget(stream, reader);
      }
    }
  }

  async read(
    stream: StreamSpec | string,
    sequence: number,
    waitOptions: WaitOptions,
  ): Promise<StoredMessage | undefined> {
    const name = typeof stream === 'string' ? stream : await this.#nameOf(stream, waitOptions);
    // A name from a message's headers is anybody's, and would become part of a subject.
    if (name === undefined || !STREAM_NAME.test(name)) return undefined;
    try {
      const { message } = await this.#api.request<{ message: RawMessage }>(
        `STREAM.MSG.GET.${name}`,
        { seq: sequence },
        waitOptions,
      );
      return storedMessage(name, message);
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound, ...NOT_THERE)) return undefined;
      throw error;
    }
  }

  async erase(spec: StreamSpec, sequence: number, waitOptions: WaitOptions): Promise<boolean> {
    const name = await this.#nameOf(spec, waitOptions);
    if (name === undefined) return false;
    try {
      // Overwriting it on the disk as well takes the server some 90 times as long.
      await this.#api.request(`STREAM.MSG.DELETE.${name}`, { seq: sequence, no_erase: true }, waitOptions);
      return true;
    } catch (error) {
      if (isApiError(error, ApiCode.streamNotFound, ...NOT_THERE)) return false;
      if (isApiError(error, DELETE_FAILED) && (await this.read(name, sequence, waitOptions)) === undefined)
        return false;
      throw error;
    }
  }

  async #nameOf(spec: StreamSpec, waitOptions: WaitOptions): Promise<string | undefined> {
    return spec.manage ? spec.name : (await this.#provisioner.findStream(spec, waitOptions, 'read'))?.config.name;
  }

  async #openReader(stream: string, subjects: string, from: number, waitOptions: WaitOptions): Promise<Reader> {
    const name = `lightbus-reader-${createInbox().slice('_INBOX.'.length)}`;
    const config = {
      name,
      filter_subject: subjects,
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      ack_policy: 'none',
      replay_policy: 'instant',
      headers_only: true,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: FORGOTTEN_AFTER_NS,
    };
    const operation = `CONSUMER.CREATE.${stream}.${name}.${subjects}`;
    const request = { stream_name: stream, config, action: 'create' };
    const { num_pending: pending } = await this.#api.request<{ num_pending: number }>(operation, request, waitOptions);
    return { name, pending };
  }

  /** The next messages of a reader, none if it has ended or does not answer; and how many it has left. */
  async #page(
    stream: string,
    reader: Reader,
    count: number,
    waitOptions: WaitOptions,
  ): Promise<{ messages: StoredMessage[]; pending: number }> {
    const nats = await this.#connection.ready(waitOptions);
    const messages: StoredMessage[] = [];
    let pending = 0;
    const raw = await this.#pull(
      nats,
      `${this.#api.prefix}.CONSUMER.MSG.NEXT.${stream}.${reader.name}`,
      count,
      waitOptions,
    );
    for (const message of raw) {
      const address = parseAckAddress(message.reply);
      if (address === undefined || address.durable !== reader.name) continue;
      pending = address.pending;
      messages.push({
        subject: message.subject,
        stream: address.stream,
        sequence: address.sequence,
        timestamp: address.timestamp,
        body: message.data,
        headers: () => parseHeaders(headerBlock(message)),
      });
    }
    return { messages, pending };
  }

  #pull(nats: NatsConnection, subject: string, count: number, waitOptions: WaitOptions): Promise<Msg[]> {
    const inbox = createInbox(this.#connection.inboxPrefix);
    const messages: Msg[] = [];
    const silence = new AbortController();
    const pulled = new Promise<Msg[]>((resolve, reject) => {
      const handlers = {
        message: (message: Msg) => {
          if (message.reply) messages.push(message);
          // A status ends the pull, whatever it says: the next reader begins behind what has come.
          if (!message.reply || messages.length === count) end();
        },
        refused: (error: Error) => {
          silence.abort();
          reject(explainMissingRight(error, this.#connection.inboxPrefix));
        },
      };
      const subscription = subscribe(nats, inbox, handlers, this.#connection.logger);
      const end = () => {
        silence.abort();
        subscription.unsubscribe();
        resolve(messages);
      };
      nats.publish(subject, Buffer.from(`{"batch":${count},"no_wait":true}`), { reply: inbox });
      void pause(SILENCE_MS, silence.signal).then(end);
    });
    return within(pulled, waitOptions, () => new EventFireTimeout('Reading a stream took too long', { stored: 'no' }));
  }

  #forget(stream: string, reader: Reader): void {
    const { nats, connected } = this.#connection;
    if (nats === undefined || !connected || nats.isClosed()) return;
    nats.publish(`${this.#api.prefix}.CONSUMER.DELETE.${stream}.${reader.name}`);
  }
}

interface RawMessage {
  readonly subject: string;
  readonly seq: number;
  readonly hdrs?: string;
  readonly data?: string;
  readonly time: string;
}

function storedMessage(stream: string, raw: RawMessage): StoredMessage {
  return {
    subject: raw.subject,
    stream,
    sequence: raw.seq,
    timestamp: nanoseconds(raw.time),
    body: Buffer.from(raw.data ?? '', 'base64'),
    headers: () => parseHeaders(Buffer.from(raw.hdrs ?? '', 'base64')),
  };
}

/** RFC 3339 to the nanoseconds that ack addresses have, so that a message has one time however it was read. */
function nanoseconds(time: string): string {
  const [, seconds = '', fraction = ''] = /^([^.]+?)(?:\.(\d{1,9}))?Z$/.exec(time) ?? [];
  return `${Date.parse(`${seconds}Z`) / 1000}${fraction.padEnd(9, '0')}`;
}
