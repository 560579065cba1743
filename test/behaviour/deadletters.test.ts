import { expect } from 'chai';
import { create, type DeadLetter, OnError, Reject } from '../../lib/index.js';
import { AuthApi, Collected, errorOf, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';

const STREAM = 'lightbus_dead_letters';

async function all(letters: AsyncIterable<DeadLetter>): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const letter of letters) found.push(letter);
  return found;
}

/** A service with one listener that fails while `failing` is true, and what it has handled. */
function service(url: string, serviceName = 'test-service', logger = recordLog()) {
  const bus = create({ ...settings(url, logger), serviceName, apis: [AuthApi] });
  const state = { failing: true };
  const handled = new Collected<{
    username: string;
    replayed: boolean;
    attempt: number;
    id: string;
    sequence: number;
  }>();
  const other = new Collected<string>();
  bus.auth.user_created.listen(
    ({ username }, event) => {
      if (state.failing) throw new Reject(`no room for ${username}`);
      const { replayed, attempt, id, nativeId } = event;
      handled.add({ username, replayed, attempt, id, sequence: nativeId.sequence });
    },
    { listenerName: 'flaky', since: 'beginning', onError: OnError.DEAD_LETTER },
  );
  bus.auth.user_created.listen(({ username }) => other.add(username), { listenerName: 'sound', since: 'beginning' });
  const given = (count: number) =>
    until(async () => (await all(bus.client.deadLetters.list({ service: serviceName }))).length >= count);
  return { bus, state, handled, other, given, logger };
}

async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const person = (username: string) => ({ username, email: `${username}@example.com` });

describe('Dead letters', function () {
  this.timeout('60s');
  const nats = useNats();
  beforeEach(async () => {
    await using plain = await plainNats(nats.url);
    await plain.clear();
  });

  it('are none where nothing was ever given up, and no stream is made by looking', async () => {
    await using plain = await plainNats(nats.url);
    await using bus = create(settings(nats.url));
    expect(await all(bus.client.deadLetters.list())).to.deep.equal([]);
    expect(await bus.client.deadLetters.show(1)).to.equal(undefined);
    expect(await bus.client.deadLetters.remove({ all: true })).to.deep.equal({
      found: 0,
      done: 0,
      gone: 0,
      failed: [],
    });
    expect(await bus.client.deadLetters.replay()).to.deep.equal({ found: 0, done: 0, gone: 0, failed: [] });
    expect(await plain.manager.streams.names().next()).to.deep.equal([]);
  });

  it('tell who gave up what, why, how often tried and when', async () => {
    const { bus, given } = service(nats.url);
    await using _closing = bus;
    const before = new Date();
    await bus.client.startWorker();
    const fired = await bus.auth.user_created.fire(person('adam'));
    await given(1);
    const [letter] = await all(bus.client.deadLetters.list());
    expect(letter).to.deep.include({
      sequence: 1,
      id: letter?.id,
      service: 'test-service',
      listener: 'flaky',
      api: 'auth',
      event: 'user_created',
      attempts: 1,
      process: 'test-process',
      nativeId: fired.nativeId,
      truncated: false,
    });
    expect(letter?.error).to.include({ name: 'Reject', message: 'no room for adam' });
    expect(letter?.error.stack).to.include('deadletters.test');
    expect(letter?.firstAt).to.be.within(before, new Date());
    expect(letter?.lastAt).to.be.within(letter?.firstAt as Date, new Date());
    const opened = await bus.client.deadLetters.show(1);
    expect(JSON.parse(Buffer.from(opened?.body ?? []).toString())).to.deep.equal(person('adam'));
    expect(opened?.headers).to.include({ 'ce-id': fired.id, 'ce-type': 'auth.user_created' });
    expect(Object.keys(opened?.headers ?? {}).filter((name) => /^(nats|lightbus)-/.test(name))).to.deep.equal([]);
  });

  it('are found by service, listener, API, event, time, error and place, no more than asked for', async () => {
    await using plain = await plainNats(nats.url);
    const first = service(nats.url, 'first');
    const second = service(nats.url, 'second');
    await using _one = first.bus;
    await using _two = second.bus;
    await Promise.all([first.bus.client.startWorker(), second.bus.client.startWorker()]);
    for (const name of ['adam', 'eve', 'cain']) await first.bus.auth.user_created.fire(person(name));
    await Promise.all([first.given(3), second.given(3)]);
    const { deadLetters } = first.bus.client;
    const count = async (filter: object) => (await all(deadLetters.list(filter))).length;
    expect(await count({})).to.equal(6);
    expect(await count({ service: 'first' })).to.equal(3);
    expect(await count({ service: 'first', listener: 'flaky' })).to.equal(3);
    expect(await count({ listener: 'flaky' })).to.equal(6);
    expect(await count({ listener: 'sound' })).to.equal(0);
    expect(await count({ api: 'auth', event: 'user_created' })).to.equal(6);
    expect(await count({ event: 'user_created' })).to.equal(6);
    expect(await count({ event: 'user_deleted' })).to.equal(0);
    expect(await count({ api: 'orders' })).to.equal(0);
    expect(await count({ error: 'ROOM FOR EVE' })).to.equal(2);
    expect(await count({ until: new Date(0) })).to.equal(0);
    expect(await count({ since: new Date(0), until: new Date(Date.now() + 60_000) })).to.equal(6);
    expect(await count({ since: new Date(Date.now() + 60_000) })).to.equal(0);
    expect(await count({ limit: 4 })).to.equal(4);
    expect((await all(deadLetters.list({ sequence: [2, 5] }))).map(({ sequence }) => sequence)).to.deep.equal([2, 5]);
    // What was read with is gone from the server.
    await until(async () => (await plain.manager.consumers.list(STREAM).next()).length === 0);
  });

  it('refuse filters that nothing could fit, before anything is connected', async () => {
    await using bus = create(settings('nats://127.0.0.1:1'));
    const wrong: [filter: object, said: string][] = [
      [{ servce: 'x' }, 'servce is not an option'],
      [{ service: 'a.>' }, 'Service name'],
      [{ api: '*' }, 'API name'],
      [{ limit: 0 }, 'limit: 0 is not allowed'],
      [{ since: 'yesterday' }, 'give a Date'],
      [{ toString: 1 }, 'toString is not an option'],
    ];
    for (const [filter, said] of wrong) {
      expect((await errorOf(bus.client.deadLetters.remove(filter))).message).to.include(said);
      expect((await errorOf(all(bus.client.deadLetters.list(filter)))).message).to.include(said);
    }
  });

  it('that were stored twice for one delivery are listed, replayed and removed as one', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, state, handled, given } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    await bus.auth.user_created.fire(person('adam'));
    await given(1);
    // The server drops the second of one id only within the window; let it be over.
    const { config } = await plain.manager.streams.info(STREAM);
    await plain.manager.streams.update(STREAM, { ...config, duplicate_window: 100_000_000 });
    const [kept] = await plain.all(STREAM);
    while ((await plain.all(STREAM)).length < 2)
      await plain.send(kept?.subject ?? '', kept?.body ?? '', Buffer.from(kept?.headers ?? '', 'latin1'));
    expect(await all(bus.client.deadLetters.list())).to.have.length(1);
    state.failing = false;
    expect(await bus.client.deadLetters.replay()).to.include({ found: 1, done: 1 });
    await handled.count(1);
    expect(await plain.all(STREAM)).to.deep.equal([]);
    expect(handled.values).to.have.length(1);
  });

  it('are listed beyond one page, and removed in one go, or only so many', async () => {
    await using plain = await plainNats(nats.url);
    const { bus, given } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    await Promise.all(Array.from({ length: 300 }, (_, index) => bus.auth.user_created.fire(person(`u${index}`))));
    await given(300);
    const { deadLetters } = bus.client;
    expect(await deadLetters.remove({ all: true, limit: 10, dryRun: true })).to.deep.equal({
      found: 10,
      done: 10,
      gone: 0,
      failed: [],
    });
    expect((await plain.all(STREAM)).length).to.equal(300);
    const progress: number[] = [];
    const onProgress = ({ done }: { done: number }) => progress.push(done);
    expect(await deadLetters.remove({ all: true, limit: 100, onProgress })).to.include({ found: 100, done: 100 });
    expect(progress.at(-1)).to.equal(100);
    expect(await all(deadLetters.list())).to.have.length(200);
    expect((await errorOf(deadLetters.remove({ limit: 1 }))).message).to.include(
      'or give all: true to remove those of every',
    );
    expect(await deadLetters.remove({ all: true })).to.include({ done: 200 });
    expect(await plain.all(STREAM)).to.deep.equal([]);
  });

  it('stop in between when told to, and the same call does the rest', async () => {
    const { bus, given } = service(nats.url);
    await using _closing = bus;
    await bus.client.startWorker();
    await Promise.all(Array.from({ length: 100 }, (_, index) => bus.auth.user_created.fire(person(`u${index}`))));
    await given(100);
    const stopping = new AbortController();
    const { deadLetters } = bus.client;
    const first = await deadLetters.remove({ all: true, signal: stopping.signal, onProgress: () => stopping.abort() });
    expect(first.done).to.be.within(1, 99);
    expect(await all(deadLetters.list())).to.have.length(100 - first.done);
    expect(await deadLetters.remove({ all: true })).to.include({ done: 100 - first.done });
  });
});
