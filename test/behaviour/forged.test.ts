// By a reply subject, whoever may send anything has the server's answers stored where they may not publish.
import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { AuthApi, Collected, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';
import { until } from '../support/worker.js';

describe('forged messages', function () {
  this.timeout('1m');
  const nats = useNats();

  it('are kept as dead letters: answers of the server, and replays that lightbus did not make', async () => {
    const log = recordLog();
    await using bus = create({ ...settings(nats.url, log), apis: [AuthApi] });
    await using plain = await plainNats(nats.url);
    const heard = new Collected<string>();
    bus.auth.heartbeat.listen((_, { id }) => heard.add(id), { listenerName: 'hear', since: 'beginning' });
    await using _worker = await bus.client.startWorker();
    await log.said('Created the durable');
    // Its parameters are none, so that no schema can refuse it.
    plain.connection.publish('$JS.API.INFO', '', { reply: 'lightbus.auth.heartbeat' });
    await bus.auth.heartbeat.fire();
    // The stream of replays is made beside the work.
    await until('there are replays', () => plain.manager.streams.info('lightbus_replays').catch(() => undefined));
    await plain.send('lightbus_replays.test-service.hear.auth.heartbeat', '{}');
    await bus.auth.heartbeat.fire({}, { id: 'last' });
    await heard.first((id) => id === 'last');
    const reasons = new Set<string>();
    while (reasons.size < 2) {
      for await (const { error } of bus.client.deadLetters.list()) reasons.add(error.message);
    }
    expect([...reasons].join())
      .to.match(/JetStream's own answer/)
      .and.match(/something that is not lightbus/);
    expect(heard.values).to.have.length(2);
  });

  it('are known when a worker starts, if dead letters cannot be kept', async () => {
    const log = recordLog();
    const config = { prefix: 'full', deadLetters: { stream: { maxBytes: 1e15 } } };
    await using bus = create({ ...settings(nats.url, log), config, apis: [AuthApi] });
    bus.auth.heartbeat.listen(() => undefined, { listenerName: 'hear' });
    await using _worker = await bus.client.startWorker();
    const { fields } = await log.said('Dead letters cannot be kept');
    expect((fields.err as Error).message).to.contain('deadLetters.stream');
  });
});
