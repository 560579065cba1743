import { connect, type JetStreamManager, type MsgHdrs, type NatsConnection } from 'nats';

/** A message as the server stores it, byte for byte. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  /** The header block as it was sent; empty if there was none. */
  readonly headers: string;
  readonly body: Buffer;
  /** When it was stored, RFC 3339 with nanoseconds. */
  readonly time: string;
}

/** NATS without lightbus: what foreign clients do, and what the server really holds. */
export interface PlainNats extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  /** Publishes bytes as they are, also such as no client would send; resolves with the sequence that they are stored under. */
  send(subject: string, body: string | Uint8Array, headers?: string | Uint8Array): Promise<number>;
  /** @throws if there is no such message */
  stored(stream: string, sequence: number): Promise<StoredMessage>;
  /** All that a stream holds, in order; none if there is no such stream. */
  all(stream: string): Promise<StoredMessage[]>;
  /** Deletes every stream, so that the next test begins with an empty server. */
  clear(): Promise<void>;
}

export async function plainNats(url: string): Promise<PlainNats> {
  const connection = await connect({ servers: url });
  const manager = await connection.jetstreamManager();

  async function stored(stream: string, sequence: number): Promise<StoredMessage> {
    const answer = await connection.request(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq: sequence }));
    const { message, error } = answer.json<{
      message?: { subject: string; seq: number; hdrs?: string; data?: string; time: string };
      error?: { description: string };
    }>();
    if (message === undefined) throw new Error(`${stream}:${sequence}: ${error?.description}`);
    return {
      subject: message.subject,
      sequence: message.seq,
      headers: Buffer.from(message.hdrs ?? '', 'base64').toString('latin1'),
      body: Buffer.from(message.data ?? '', 'base64'),
      time: message.time,
    };
  }

  return {
    connection,
    manager,
    stored,
    async send(subject, body, headers) {
      const block = typeof headers === 'string' ? Buffer.from(headers, 'utf8') : headers;
      const raw = block === undefined ? {} : { headers: { encode: () => block } as unknown as MsgHdrs };
      const answer = await connection.request(subject, body, { timeout: 10_000, ...raw });
      const { seq, error } = answer.json<{ seq?: number; error?: { description: string } }>();
      if (seq === undefined) throw new Error(`${subject}: ${error?.description}`);
      return seq;
    },
    async all(stream) {
      const info = await manager.streams.info(stream).catch(() => undefined);
      const messages: StoredMessage[] = [];
      const { first_seq: first = 1, last_seq: last = 0 } = info?.state ?? {};
      for (let sequence = Math.max(first, 1); sequence <= last; sequence++)
        messages.push(await stored(stream, sequence));
      return messages;
    },
    async clear() {
      for await (const { config } of manager.streams.list()) {
        // nats-server 2.15 removes the files of a deleted stream later: one made again at once has its events and durables.
        for await (const { name } of manager.consumers.list(config.name))
          await manager.consumers.delete(config.name, name);
        // A stream that is sealed or denies it refuses.
        await manager.streams.purge(config.name).catch(() => undefined);
        await manager.streams.delete(config.name);
      }
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
    },
  };
}
