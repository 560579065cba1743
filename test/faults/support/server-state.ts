import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, type ConsumerInfo, connect, type JetStreamManager, type NatsConnection } from 'nats';

const LOOK_EVERY_MS = 100;

/** What a server holds, asked by the plain client, so that it does not depend on what is under test. */
export interface ServerState extends AsyncDisposable {
  readonly nats: NatsConnection;
  readonly manager: JetStreamManager;
  /** Ids of the events that are kept as dead letters, in order, once each time they were given up. */
  deadLetters(stream: string): Promise<DeadLetter[]>;
  /** Resolves once each durable of the stream whose name begins so has nothing left to deliver, and nothing unacknowledged. */
  settled(stream: string, beginning: string): Promise<void>;
  /** Resolves once this is true of the durable. */
  durable(stream: string, name: string, fact: (info: ConsumerInfo) => boolean): Promise<void>;
}

export interface DeadLetter {
  readonly id: string;
  readonly subject: string;
  readonly error: string;
  readonly attempts: number;
  header(name: string): string;
}

export async function openServerState(given: string | ConnectionOptions): Promise<ServerState> {
  const options = typeof given === 'string' ? { servers: given } : given;
  const nats = await connect({
    ...options,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    waitOnFirstConnect: true,
  });
  const manager = await nats.jetstreamManager({ checkAPI: false });
  return {
    nats,
    manager,
    deadLetters: (stream) => readDeadLetters(manager, stream),
    async settled(stream, beginning) {
      while (!nats.isClosed()) {
        // Servers that are down or hold an election do not answer; then it is asked again.
        const durables = await manager.consumers
          .list(stream)
          .next()
          .catch(() => []);
        const own = durables.filter(({ name }) => name.startsWith(beginning));
        if (own.length > 0 && own.every((each) => each.num_pending + each.num_ack_pending === 0)) return;
        await sleep(LOOK_EVERY_MS);
      }
      throw new Error('the test is over');
    },
    async durable(stream, name, fact) {
      while (!nats.isClosed()) {
        const info = await manager.consumers.info(stream, name).catch(() => undefined);
        if (info !== undefined && fact(info)) return;
        await sleep(LOOK_EVERY_MS);
      }
      throw new Error('the test is over');
    },
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

async function readDeadLetters(manager: JetStreamManager, stream: string): Promise<DeadLetter[]> {
  const info = await manager.streams.info(stream).catch(() => undefined);
  if (info === undefined) return [];
  const letters: DeadLetter[] = [];
  for (let seq = info.state.first_seq; seq <= info.state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(stream, { seq }).catch(() => undefined);
    if (message === undefined) continue;
    const header = (name: string) => message.header.get(name);
    letters.push({
      id: header('ce-id'),
      subject: message.subject,
      error: decodeURIComponent(header('lightbus-error-message')),
      attempts: Number(header('lightbus-attempts')),
      header,
    });
  }
  return letters;
}
