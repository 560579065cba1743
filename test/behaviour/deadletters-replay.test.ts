import { expect } from 'chai';
import { Api, create, Event, OnError, Reject } from '../../lib/index.js';
import { AuthApi, Collected, recordLog, settings } from '../support/bus.js';
import { startNats, useNats } from '../support/nats.js';
import { type PlainNats, plainNats } from '../support/plain-nats.js';

const STREAM = 'lightbus_dead_letters';
const person = (username: string) => ({ username, email: `${username}@example.com` });

async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** How many messages a stream holds. */
async function held(plain: PlainNats, stream: string): Promise<number> {
  const info = await plain.manager.streams.info(stream).catch(() => undefined);
  return info?.state.messages ?? 0;
}

interface Handled {
  readonly listener: string;
  readonly username: string;
  readonly replayed: boolean;
  readonly attempt: number;
  readonly id: string;
  readonly firedAt: Date;
  readonly nativeId: { readonly stream: string; readonly sequence: number };
}

/** A service whose listener `flaky` gives up what it gets while `failing` is true; `sound` never fails. */
function service(url: string, options: { logger?: ReturnType<typeof recordLog>; wait?: () => Promise<void> } = {}) {
  const { logger = recordLog(), wait } = options;
  const bus = create({ ...settings(url, logger), apis: [AuthApi] });
  const state = { failing: true };
  const handled = new Collected<Handled>();
  const failed = new Collected<Pick<Handled, 'username' | 'replayed' | 'attempt'>>();
  bus.auth.user_created.listen(
    async ({ username }, { replayed, attempt, id, firedAt, nativeId }) => {
      if (state.failing) {
        failed.add({ username, replayed, attempt });
        throw new Reject(`no room for ${username}`);
      }
      if (replayed) await wait?.();
      handled.add({ listener: 'flaky', username, replayed, attempt, id, firedAt, nativeId });
    },
    { listenerName: 'flaky', since: 'beginning' },
  );
  bus.auth.user_created.listen(
    ({ username }, { replayed, attempt, id, firedAt, nativeId }) =>
      handled.add({ listener: 'sound', username, replayed, attempt, id, firedAt, nativeId }),
    { listenerName: 'sound', since: 'beginning' },
  );
  return { bus, state, handled, failed, logger };
}

describe('Replaying dead letters', function () {
  this.timeout('60s');
  const nats = useNats();
  beforeEach(async () => {
    await using plain = await plainNats(nats.url);
    await plain.clear();
  });

  const stored = async (count: number) => {
    await using plain = await plainNats(nats.url);
    await until(async () => (await held(plain, STREAM)) === count);
  };
  const replaysAreDone = async () => {
    await using plain = await plainNats(nats.url);
    await until(async () => (await held(plain, 'lightbus_replays')) === 0);
  };

  it('hands the event to the listener that gave it up, to no other, as it was, from the first attempt', async () => {
    const { bus, state, handled } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    const fired = await bus.auth.user_created.fire(person('adam'));
    await stored(1);
    const original = await handled.first(({ listener }) => listener === 'sound');
    state.failing = false;
    expect(await bus.client.deadLetters.replay()).to.deep.equal({ found: 1, done: 1, gone: 0, failed: [] });
    await stored(0);
    const replay = await handled.first(({ replayed }) => replayed);
    expect(replay).to.deep.equal({ ...original, listener: 'flaky', replayed: true, attempt: 1 });
    expect(replay.id).to.equal(fired.id);
    expect(replay.nativeId).to.deep.equal(fired.nativeId);
    await replaysAreDone();
    expect(handled.values.filter(({ listener }) => listener === 'sound')).to.have.length(1);
  });

  it('keeps an event that fails again as another dead letter, and hands that over too', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, state, handled, failed } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    const fired = await bus.auth.user_created.fire(person('adam'));
    await stored(1);
    const [first] = await plain.all(STREAM);
    await bus.client.deadLetters.replay();
    await failed.count(2);
    await until(async () => (await plain.manager.streams.info(STREAM)).state.last_seq === 2);
    await stored(1);
    expect(failed.values).to.deep.equal([
      { username: 'adam', replayed: false, attempt: 1 },
      { username: 'adam', replayed: true, attempt: 1 },
    ]);
    const [second] = await plain.all(STREAM);
    expect(second?.sequence).to.be.above(first?.sequence ?? 0);
    expect(second?.body).to.deep.equal(first?.body);
    for await (const { nativeId } of bus.client.deadLetters.list()) expect(nativeId).to.deep.equal(fired.nativeId);
    state.failing = false;
    await bus.client.deadLetters.replay();
    expect((await handled.first(({ replayed }) => replayed)).nativeId).to.deep.equal(fired.nativeId);
    await stored(0);
  });

  it('waits for a worker that is not there yet, and reaches a worker that started before anything was given up', async () => {
    const first = service(nats.url);
    await first.bus.client.startWorker();
    await first.bus.auth.user_created.fire(person('adam'));
    await stored(1);
    await first.bus.client.close();
    await using outside = create({ ...settings(nats.url), serviceName: 'operator' });
    expect(await outside.client.deadLetters.replay({ service: 'test-service' })).to.include({ done: 1 });
    const second = service(nats.url);
    await using _closing = second.bus;
    second.state.failing = false;
    await second.bus.client.startWorker();
    expect(await second.handled.first(({ replayed }) => replayed)).to.include({ username: 'adam', listener: 'flaky' });
  });

  it('repeated after a crash between its two steps runs the event once', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, state, handled } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    await bus.auth.user_created.fire(person('adam'));
    await stored(1);
    state.failing = false;
    const [kept] = await plain.all(STREAM);
    const { seconds, fraction } = /^(?<seconds>[^.]+)\.?(?<fraction>\d*)Z$/.exec(kept?.time ?? '')?.groups ?? {};
    const time = `${Date.parse(`${seconds}Z`) / 1000}${fraction?.padEnd(9, '0')}`;
    const origin = (kept?.headers.match(/lightbus-(stream|sequence|timestamp): .*\r\n/g) ?? []).join('');
    // The stream of replays is made beside the work.
    await until(
      async () => (await plain.manager.streams.info('lightbus_replays').catch(() => undefined)) !== undefined,
    );
    await plain.send(
      (kept?.subject ?? '').replace('dead_letters', 'replays'),
      kept?.body ?? '',
      `NATS/1.0\r\nNats-Msg-Id: replay:${kept?.sequence}:${time}\r\n${origin}\r\n`,
    );
    await handled.first(({ replayed }) => replayed);
    expect(await bus.client.deadLetters.replay()).to.include({ done: 1 });
    await stored(0);
    await replaysAreDone();
    expect(handled.values.filter(({ replayed }) => replayed)).to.have.length(1);
  });

  it('of many, to a listener that also has new events to handle, does both', async () => {
    const { bus, state, handled } = service(nats.url, { wait: () => new Promise((resolve) => setTimeout(resolve, 2)) });
    await using _closing = bus;
    await bus.client.startWorker();
    const names = Array.from({ length: 200 }, (_, index) => `u${index}`);
    await Promise.all(names.map((name) => bus.auth.user_created.fire(person(name))));
    await stored(200);
    state.failing = false;
    await bus.client.deadLetters.replay();
    await bus.auth.user_created.fire(person('new'));
    await handled.first(({ listener, username }) => listener === 'flaky' && username === 'new');
    await until(async () => handled.values.filter(({ replayed }) => replayed).length >= 200);
    const replays = handled.values.filter(({ replayed }) => replayed);
    expect(replays.map(({ username }) => username)).to.have.members(names);
    expect(replays.map(({ attempt }) => attempt)).to.deep.equal(names.map(() => 1));
    await replaysAreDone();
  });

  it('gives back what has not begun when the worker stops, for the next worker', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun = new Collected<true>();
    const first = service(nats.url, {
      wait: () => {
        begun.add(true);
        return gate;
      },
    });
    await using _first = first.bus;
    const worker = await first.bus.client.startWorker();
    const names = Array.from({ length: 10 }, (_, index) => `u${index}`);
    for (const name of names) await first.bus.auth.user_created.fire(person(name));
    await stored(10);
    first.state.failing = false;
    await first.bus.client.deadLetters.replay();
    await begun.count(1);
    const stopping = worker.stop();
    release();
    await stopping;
    expect(first.handled.values.filter(({ replayed }) => replayed)).to.have.length(1);
    const second = service(nats.url);
    await using _second = second.bus;
    second.state.failing = false;
    await second.bus.client.startWorker();
    const rest = () => second.handled.values.filter(({ replayed }) => replayed);
    await until(async () => rest().length >= 9);
    await replaysAreDone();
    const both = [...first.handled.values, ...second.handled.values].filter(({ replayed }) => replayed);
    expect(both.map(({ username }) => username)).to.have.members(names);
  });

  it('is given back by a worker without that listener, and says so once', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, state } = service(nats.url);
    await bus.client.startWorker();
    for (const name of ['adam', 'eve']) await bus.auth.user_created.fire(person(name));
    await stored(2);
    state.failing = false;
    await bus.client.close();
    const logger = recordLog();
    await using other = create(settings(nats.url, logger));
    other.auth?.user_created?.listen(() => {}, { listenerName: 'another' });
    await other.client.startWorker();
    await other.client.deadLetters.replay();
    await logger.said('a listener that this worker does not run');
    await until(async () => {
      const { num_ack_pending } = await plain.manager.consumers.info('lightbus_replays', 'test-service');
      return num_ack_pending === 2;
    });
    expect(await plain.all('lightbus_replays')).to.have.length(2);
    expect(logger.entries.filter(({ message }) => message.includes('does not run'))).to.have.length(1);
  });

  it('finds the listener by its API where two have one name', async () => {
    class OrdersApi extends Api {
      static meta = { name: 'my_shop.orders' } as const;
      user_created = new Event({ parameters: ['username', 'email'] });
    }
    await using bus = create({ ...settings(nats.url), apis: [AuthApi, OrdersApi] });
    const seen = new Collected<string>();
    const options = { listenerName: 'same', since: 'beginning', onError: OnError.DEAD_LETTER } as const;
    const handler =
      (api: string) =>
      (_parameters: unknown, { replayed }: { replayed: boolean }) => {
        if (!replayed) throw new Error('not the first time');
        seen.add(api);
      };
    bus.auth.user_created.listen(handler('auth'), options);
    bus.my_shop.orders.user_created.listen(handler('orders'), options);
    await bus.client.startWorker();
    await bus.my_shop.orders.user_created.fire(person('adam'));
    await stored(1);
    expect(await bus.client.deadLetters.replay({ api: 'my_shop.orders', event: 'user_created' })).to.include({
      done: 1,
    });
    await seen.count(1);
    expect(seen.values).to.deep.equal(['orders']);
  });

  it('reaches the listeners of an API that is itself called replays', async () => {
    class ReplaysApi extends Api {
      static meta = { name: 'replays' } as const;
      replay_started = new Event({ parameters: ['number'] });
    }
    await using bus = create({ ...settings(nats.url), apis: [ReplaysApi] });
    const seen = new Collected<unknown>();
    bus.replays.replay_started.listen(
      ({ number }, { replayed }) => {
        if (!replayed) throw new Error('not the first time');
        seen.add(number);
      },
      { listenerName: 'watch', since: 'beginning', onError: OnError.DEAD_LETTER },
    );
    await bus.client.startWorker();
    await bus.replays.replay_started.fire({ number: 1 });
    await stored(1);
    expect(await bus.client.deadLetters.replay()).to.include({ done: 1 });
    await seen.count(1);
    expect(seen.values).to.deep.equal([1]);
  });

  it('leaves what no listener of ours can have given up, with the reason, and goes on with the rest', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, state, handled } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    await bus.auth.user_created.fire(person('adam'));
    await stored(1);
    await plain.send(`${STREAM}.x`, 'hello');
    await plain.send(`${STREAM}.test-service.*.auth.user_created`, 'hello');
    state.failing = false;
    const { failed, ...result } = await bus.client.deadLetters.replay();
    expect(result).to.deep.equal({ found: 3, done: 1, gone: 0 });
    expect(failed.map(({ sequence }) => sequence)).to.deep.equal([2, 3]);
    for (const { reason } of failed) expect(reason).to.include('not a dead letter of a listener');
    await handled.first(({ replayed }) => replayed);
    expect(await bus.client.deadLetters.remove({ all: true })).to.include({ done: 2 });
  });

  it('takes the original of an event that was too large to be kept whole, and refuses where that is gone', async () => {
    await using small = await startNats({ config: 'max_payload: 32KB' });
    await using plain = await plainNats(small.url);
    const { bus, state, handled } = service(small.url);
    await using _closing = bus;
    await bus.client.startWorker();
    const send = (username: string) =>
      plain.send('lightbus.auth.user_created', JSON.stringify({ ...person(username), email: 'x'.repeat(32_000) }));
    await send('adam');
    const gone = await send('eve');
    await until(async () => (await held(plain, STREAM)) === 2);
    await plain.manager.streams.deleteMessage('lightbus-auth', gone);
    for await (const letter of bus.client.deadLetters.list()) expect(letter.truncated).to.equal(true);
    state.failing = false;
    const { done, failed } = await bus.client.deadLetters.replay();
    expect(done).to.equal(1);
    expect(failed.map(({ reason }) => reason).join()).to.include('no longer holds the original');
    expect(await handled.first(({ replayed }) => replayed)).to.include({ username: 'adam' });
  });

  it('is not a condition: a service without rights to it works all the same, and says so once', async () => {
    await using strict = await startNats({
      config: `authorization { users: [
        { user: admin, password: p },
        { user: u, password: p, permissions: { publish: { deny: ["$JS.API.*.*.lightbus_replays", "$JS.API.*.*.lightbus_replays.>", "lightbus_replays.>"] } } } ] }`,
    });
    const logger = recordLog();
    const bus = create({
      ...settings(strict.url, logger),
      nats: { servers: strict.url, user: 'u', password: 'p' },
      apis: [AuthApi],
    });
    await using _closing = bus;
    const handled = new Collected<string>();
    bus.auth.user_created.listen(({ username }) => handled.add(username), { listenerName: 'greet' });
    await bus.client.startWorker();
    await bus.auth.user_created.fire(person('adam'));
    await handled.count(1);
    await logger.said('does not permit');
    await logger.said('of replays cannot be used');
    expect(logger.entries.filter(({ message }) => message.includes('replays'))).to.have.length(2);
  });
});
