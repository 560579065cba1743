import { expect } from 'chai';
import type { Broker, Delivery, Source } from '../../../lib/broker/broker.js';
import { systemClock } from '../../../lib/clock.js';
import { ReplayConsumer } from '../../../lib/delivery/dead-letters/replay-consumer.js';
import type { WireEvent } from '../../../lib/message/codec.js';
import { parseHeaders } from '../../../lib/message/headers.js';
import { recordLog } from '../../support/bus.js';

const BLOCK =
  'NATS/1.0\r\nNats-Msg-Id: replay:3:1\r\nce-id: a\r\nlightbus-stream: lightbus-auth\r\nlightbus-sequence: 9\r\nlightbus-timestamp: 1700000000000000000\r\n\r\n';

/** A replay for a listener that nobody has, delivered for the `deliveries`-th time. */
function replayed(deliveries: number, store: () => Promise<unknown>) {
  const published: WireEvent[] = [];
  const broker = {
    publish: async (event: WireEvent) => {
      published.push(event);
      return store();
    },
  } as unknown as Broker;
  const settled = new Promise<string>((resolve) => {
    const delivery: Delivery = {
      subject: 'lightbus_replays.shop.gone.auth.user_created',
      body: Buffer.from('{}'),
      stream: 'lightbus_replays',
      sequence: 5,
      timestamp: '1700000009000000000',
      deliveries,
      headers: () => parseHeaders(Buffer.from(BLOCK)),
      ack: () => resolve('ack'),
      nak: (delay) => resolve(`nak ${delay}`),
      working: () => true,
    };
    const parts = { broker, logger: recordLog(), prefix: 'lightbus', serviceName: 'shop', lease: 60_000, targets: [] };
    new ReplayConsumer({ ...parts, clock: systemClock, stream: {} as never }).deliver(delivery, {} as Source);
  });
  return { settled, published };
}

describe('A replay whose listener no worker has', () => {
  it('is given back for half a minute', async () => {
    const { settled, published } = replayed(4, async () => {});
    expect(await settled).to.equal('nak 30000');
    expect(published).to.deep.equal([]);
  });

  it('is stored anew before the givings back could count as failed attempts, and only then acknowledged', async () => {
    const { settled, published } = replayed(5, async () => {});
    expect(await settled).to.equal('ack');
    const [anew] = published;
    expect(anew?.subject).to.equal('lightbus_replays.shop.gone.auth.user_created');
    expect(Object.entries(parseHeaders(anew?.headers ?? new Uint8Array()))).to.have.deep.members([
      ['ce-id', 'a'],
      ['nats-msg-id', 'replay:5:1700000009000000000'],
      ['lightbus-stream', 'lightbus-auth'],
      ['lightbus-sequence', '9'],
      ['lightbus-timestamp', '1700000000000000000'],
    ]);
  });

  it('is kept where it cannot be stored anew', async () => {
    const { settled } = replayed(5, () => Promise.reject(new Error('forbidden')));
    expect(await settled).to.equal('nak 30000');
  });
});
