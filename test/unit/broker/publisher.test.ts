// What a real server cannot be made to do at the right moment: to be silent, to answer late, and others to answer first.
import { expect } from 'chai';
import sinon from 'sinon';
import type { Connection, ConnectionListener } from '../../../lib/broker/jetstream/connection/connection.js';
import { Publisher } from '../../../lib/broker/jetstream/publishing/publisher.js';
import type { EventFireTimeout } from '../../../lib/errors.js';
import { errorOf, recordLog } from '../../support/bus.js';

const TARGET = { stream: 'lightbus-auth', domain: 'hub', settings: 'apis.auth.stream', duplicateWindow: 120_000 };
const STORED = { stream: 'lightbus-auth', domain: 'hub', seq: 7 };

/** A connection to nobody: it notes what is sent, and the test answers. */
class FakeConnection {
  readonly connected = true;
  readonly address = 'nats://fake';
  readonly inboxPrefix = undefined;
  readonly logger = recordLog();
  readonly sent: string[] = [];
  readonly #pongs: (() => void)[] = [];
  #callback: (error: null, message: object) => void = () => undefined;
  readonly nats = {
    publish: (_subject: string, _body: Uint8Array, { reply }: { reply: string }) => this.sent.push(reply),
    flush: () => new Promise<void>((resolve) => this.#pongs.push(resolve)),
    subscribe: (_subject: string, { callback }: { callback: (error: null, message: object) => void }) => {
      this.#callback = callback;
      return { unsubscribe: () => undefined, isClosed: () => false };
    },
  };

  listen(listener: ConnectionListener): () => void {
    listener.connected?.(this.nats as never, true);
    return () => undefined;
  }

  answer(subject: string, content: unknown): void {
    this.#callback(null, {
      subject,
      data: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)),
    });
  }

  /** The server has read all that was sent. */
  pong(): void {
    for (const resolve of this.#pongs.splice(0)) resolve();
  }
}

describe('the publisher', () => {
  let clock: sinon.SinonFakeTimers;
  let connection: FakeConnection;
  let publisher: Publisher;
  beforeEach(() => {
    clock = sinon.useFakeTimers({
      toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
    });
    sinon.stub(Math, 'random').returns(0); // The tests count on delays without jitter.
    connection = new FakeConnection();
    publisher = new Publisher(connection as unknown as Connection, async () => undefined);
  });
  afterEach(() => {
    publisher.close();
    clock.restore();
    sinon.restore();
  });
  const event = { subject: 'lightbus.auth.x', headers: Buffer.from(''), body: Buffer.from('{}') };
  const publish = (target = TARGET, timeout = 15_000) =>
    publisher.publish(event, target, { deadline: performance.now() + timeout });

  it('takes the word of the stream alone, however many answer before it', async () => {
    const stored = publish();
    const [reply = ''] = connection.sent;
    for (const lie of [
      '',
      'OK',
      '{}',
      '[1]',
      'null',
      { stream: 'other', seq: 9 },
      { stream: 'lightbus-auth' },
      { seq: 1 },
    ]) {
      connection.answer(reply, lie);
    }
    connection.answer(reply, STORED);
    expect(await stored).to.deep.equal({ stream: 'lightbus-auth', sequence: 7, duplicate: false });
  });

  it('sends again what the server has read and not answered, and nothing that still waits here', async () => {
    const stored = publish();
    await clock.tickAsync(6000);
    expect(connection.sent).to.have.length(1);
    connection.pong();
    await clock.tickAsync(0);
    expect(connection.sent).to.have.length(2);
    connection.answer(connection.sent[1] ?? '', { ...STORED, duplicate: true });
    expect(await stored).to.include({ duplicate: true });
  });

  it('sends nothing again that the stream may have forgotten, and says so', async () => {
    const failed = errorOf<EventFireTimeout>(publish({ ...TARGET, duplicateWindow: 8000 }));
    for (let second = 0; second < 16; second++) {
      connection.pong();
      await clock.tickAsync(1000);
    }
    expect(connection.sent).to.have.length(1);
    const error = await failed;
    expect(error).to.include({ code: 'EventFireTimeout', stored: 'maybe' });
    expect(error.message).to.include('lightbus-auth remembers an id for 8000 ms only');
  });

  it('learns nothing from a server that still replicates a copy of the id: asks again, and may have stored it', async () => {
    const failed = errorOf<EventFireTimeout>(publish(TARGET, 1000));
    for (let tenth = 0; tenth < 11; tenth++) {
      const busy = { description: 'duplicate message id is in process', err_code: 10158 };
      connection.answer(connection.sent.at(-1) ?? '', { ...STORED, seq: 0, error: busy });
      connection.pong();
      await clock.tickAsync(100);
    }
    expect(connection.sent.length).to.be.above(1);
    expect(await failed).to.include({ stored: 'maybe' });
  });

  it('knows that an event was not stored which each answer says so of', async () => {
    const failed = errorOf<EventFireTimeout>(publish(TARGET, 1000));
    for (let tenth = 0; tenth < 11; tenth++) {
      connection.answer(connection.sent.at(-1) ?? '', {
        ...STORED,
        seq: 0,
        error: { description: 'busy', err_code: 10008 },
      });
      await clock.tickAsync(100);
    }
    expect(await failed).to.include({ stored: 'no' });
  });
});
