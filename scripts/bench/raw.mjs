// The one contender: the `nats` client as its documentation shows it.
import { Ajv } from 'ajv';
import { AckPolicy, connect, DeliverPolicy, headers, JSONCodec } from 'nats';
import { order, SCHEMA, STREAMS, SUBJECTS, setHeaders } from './event.mjs';

/** As many as our own window at its largest; the client's default of 100 is slower. */
const PREFETCH = 512;

/** The event's id is read when it is asked for, as by a loop whose handler needs it. */
class RawEvent {
  constructor(message) {
    this.message = message;
  }

  get id() {
    return this.message.headers.get('ce-id');
  }
}

export async function openRaw(url) {
  const nats = await connect({ servers: url });
  const manager = await nats.jetstreamManager();
  const js = nats.jetstream();
  const validate = new Ajv().compile(SCHEMA);
  const codec = JSONCodec();
  const bare = Buffer.from(JSON.stringify(order(0)));

  async function consume(stream, durable, handler, { count, signal }) {
    const consumer = await js.consumers.get(stream, durable);
    const messages = await consumer.consume({ max_messages: PREFETCH });
    signal?.addEventListener('abort', () => messages.stop());
    let handled = 0;
    for await (const message of messages) {
      const parameters = JSON.parse(message.string());
      if (!validate(parameters)) throw new Error('an event does not fit its schema');
      await handler(parameters, new RawEvent(message));
      message.ack();
      if (++handled === count) break;
    }
    await nats.flush();
  }

  return {
    nats,
    manager,
    publishBare: () => js.publish(SUBJECTS.raw, bare),
    publish: (number) => {
      const parameters = order(number);
      if (!validate(parameters)) throw new Error('an event does not fit its schema');
      return js.publish(SUBJECTS.raw, codec.encode(parameters), { headers: setHeaders(headers()) });
    },
    addDurable: (stream, durable) =>
      manager.consumers.add(stream, {
        durable_name: durable,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        max_ack_pending: 5000,
      }),
    consume,
    /** A stream for `publish` that differs from ours in its name only. */
    async addStream() {
      const { config } = await manager.streams.info(STREAMS.lightbus);
      await manager.streams.add({ ...config, name: STREAMS.raw, subjects: ['raw_bench.*'] });
    },
    close: () => nats.close(),
  };
}
