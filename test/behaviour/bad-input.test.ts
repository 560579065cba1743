import { expect } from 'chai';
import {
  Api,
  create,
  Event,
  InvalidConfiguration,
  InvalidName,
  ListenersAlreadyStarted,
  NothingToListenFor,
} from '../../lib/index.js';
import { AuthApi, errorOf, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';

const noop = () => undefined;

describe('bad input that shows when the bus is used', () => {
  const nats = useNats();

  it('is a listener that comes after the start', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    bus.auth.heartbeat.listen(noop, { listenerName: 'first' });
    await using _worker = await bus.client.startWorker();
    const error = await errorOf(() => bus.auth.heartbeat.listen(noop, { listenerName: 'late' }));

    expect(error).to.be.instanceOf(ListenersAlreadyStarted);
    expect(error.message).to.equal(
      'Listener "late" comes too late: the worker has started; call listen at the top level or in bus.client.onStart',
    );
  });

  it('is a worker without a listener, which connects to nothing', async () => {
    await using bus = create({ ...settings('nats://127.0.0.1:1'), apis: [AuthApi] });
    const error = await errorOf(bus.client.startWorker());

    expect(error).to.be.instanceOf(NothingToListenFor);
    expect(error.message).to.match(
      /^No listener to run; call bus\.<api>\.<event>\.listen\(handler, \{ listenerName \}\)/,
    );
  });

  it('is a second worker on one bus', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
    bus.auth.heartbeat.listen(noop, { listenerName: 'first' });
    await using _worker = await bus.client.startWorker();

    expect(await errorOf(bus.client.startWorker())).to.be.instanceOf(ListenersAlreadyStarted);
  });

  it('is a schema that is broken, which names its place and cause', () => {
    class BrokenApi extends Api {
      static meta = { name: 'broken' } as const;
      happened = new Event({ parameters: { value: { type: 'strong' } as never } });
    }
    expect(() => create({ ...settings(nats.url), apis: [BrokenApi] })).to.throw(
      InvalidConfiguration,
      /^API "broken", event "happened", parameter "value", at \/type of its schema: "strong" .*string/,
    );
  });

  it('is a durable’s name that is too long', async () => {
    await using bus = create({ ...settings(nats.url), serviceName: 's'.repeat(120), apis: [AuthApi] });
    bus.auth.heartbeat.listen(noop, { listenerName: 'l'.repeat(120) });
    const error = await errorOf(bus.client.startWorker());

    expect(error).to.be.instanceOf(InvalidName);
    expect(error.message).to.match(/has 253 bytes; shorten service, listener or event to 200 together$/);
  });

  it('is a name of the service that sources disagree on: one is used everywhere, and the others are told of', async () => {
    process.env.LIGHTBUS_SERVICE_NAME = 'by-environment';
    const log = recordLog();
    try {
      await using plain = await plainNats(nats.url);
      await using bus = create({
        ...settings(nats.url, log),
        serviceName: 'by-create',
        config: { serviceName: 'by-config' },
        apis: [AuthApi],
      });
      bus.auth.heartbeat.listen(noop, { listenerName: 'named' });
      await bus.client.startWorker();
      const { nativeId } = await bus.auth.heartbeat.fire();

      expect((await plain.stored('lightbus-auth', nativeId.sequence)).headers).to.include('ce-source: /by-create\r\n');
      const durables = (await plain.manager.consumers.list('lightbus-auth').next()).map(({ name }) => name);
      expect(durables).to.include('by-create--named--heartbeat');
      const warnings = log.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
      expect(warnings).to.deep.equal([
        'The service is called "by-create" by create() and "by-config" by create({ config }); "by-create" is used, and listeners continue at its positions',
        'The service is called "by-create" by create() and "by-environment" by the environment; "by-create" is used, and listeners continue at its positions',
      ]);
    } finally {
      delete process.env.LIGHTBUS_SERVICE_NAME;
    }
  });

  it('is no name at all that is given twice to one API, and fine for two APIs and two services', async () => {
    class OrdersApi extends Api {
      static meta = { name: 'orders' } as const;
      order_placed = new Event();
    }
    const start = async (serviceName: string) => {
      const bus = create({ ...settings(nats.url), serviceName, apis: [AuthApi, OrdersApi] });
      bus.auth.heartbeat.listen(noop, { listenerName: 'same' });
      bus.orders.order_placed.listen(noop, { listenerName: 'same' });
      await bus.client.startWorker();
      return bus;
    };
    await using _one = await start('one');
    await using _two = await start('two');
    await using plain = await plainNats(nats.url);

    for (const [stream, event] of [
      ['lightbus-auth', 'heartbeat'],
      ['lightbus-orders', 'order_placed'],
    ]) {
      const names = (await plain.manager.consumers.list(`${stream}`).next()).map(({ name }) => name);
      expect(names).to.include.members([`one--same--${event}`, `two--same--${event}`]);
    }
  });
});
