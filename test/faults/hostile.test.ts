// Whatever strangers publish, no message kills the worker, stalls it or makes it leak: each is handled or kept as a dead
// letter, and all good events between them are handled.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { Api, create, Event, OnError, type ReceivedEvent } from '../../lib/index.js';
import { Collected, recordLog, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { hostileMessage } from './support/hostile-messages.js';
import { type RawClient, rawClient } from './support/raw-client.js';
import { scale } from './support/scale.js';
import { openServerState, type ServerState } from './support/server-state.js';

const SEED = Number(process.env.FAST_CHECK_SEED ?? Date.now() % 2 ** 31);
const MESSAGES = scale(3000, 100_000);
const CHUNK = 250;
const GOOD_PER_CHUNK = 5;
const MEGABYTE = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

class OpenApi extends Api {
  static meta = { name: 'open' } as const;
  typed = new Event({
    parameters: {
      n: { type: 'integer' },
      text: { type: 'string' },
    },
  });
}

describe(`messages from strangers (${MESSAGES}, seed ${SEED})`, function () {
  this.timeout('15m');
  const nats = useNats();

  it('are handled or kept as dead letters, and the good events between them are all handled', async () => {
    const problems = { errors: 0 };
    await using bus = openBus(nats.url, problems);
    const typed = new Sightings();
    const whole = new Sightings();
    bus.open.typed.listen((_parameters, event) => typed.see(event), {
      listenerName: 'typed',
      since: 'beginning',
      onError: OnError.DEAD_LETTER,
      concurrency: 16,
    });
    bus.client.listenForApi('open', (_parameters, event) => whole.see(event), {
      listenerName: 'whole',
      since: 'beginning',
      onError: OnError.DEAD_LETTER,
      concurrency: 16,
    });
    await using worker = await bus.client.startWorker();
    await using server = await openServerState(nats.url);
    await using stranger = await rawClient(nats.port);

    const good: string[] = [];
    const heap: number[] = [];
    for (let sent = 0; sent < MESSAGES; sent += CHUNK) {
      await publish(stranger, SEED + sent);
      for (let each = 0; each < GOOD_PER_CHUNK; each++) {
        good.push((await bus.open.typed.fire({ n: each, text: 'good' })).id);
      }
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed / MEGABYTE);
    }
    await server.settled('lightbus-open', 'hostile-service--');
    collectGarbage();
    heap.push(process.memoryUsage().heapUsed / MEGABYTE);

    expect(await Promise.race([worker.done.catch(String), 'at work'])).to.equal('at work');
    await checkEachEnded(server, 'typed', typed, 'lightbus.open.typed');
    await checkEachEnded(server, 'whole', whole, 'lightbus.open.');
    expect(good.filter((id) => !typed.ids.has(id) || !whole.ids.has(id))).to.deep.equal([]);
    // Servers keep acknowledgement addresses from being named as replies; all else they let pass.
    expect(stranger.errors.filter((error) => !error.includes('Publish with Reply'))).to.deep.equal([]);
    const half = Math.floor(heap.length / 2);
    const grown = Math.max(...heap.slice(half)) - Math.max(...heap.slice(0, half));
    expect(grown, `heap in MB: ${heap.map(Math.round).join(' ')}`).to.be.below(48);
  });

  it('are refused when they are sent to where the worker expects the server', async () => {
    const log = recordLog();
    await using bus = create({ ...settings(nats.url, log), serviceName: 'target', apis: [OpenApi] });
    await using server = await openServerState(nats.url);
    await using stranger = await rawClient(nats.port);
    const inboxes = new Collected<string>();
    const pulls = server.nats.subscribe('$JS.API.CONSUMER.MSG.NEXT.*.*', {
      callback: (_error, { reply = '' }) => inboxes.add(reply),
    });
    await server.nats.flush();
    const seen = new Collected<number>();
    bus.open.typed.listen(({ n }) => seen.add(n), { listenerName: 'inbox', onError: OnError.DEAD_LETTER });
    await using worker = await bus.client.startWorker();

    for (let sent = 0; sent < MESSAGES; sent += CHUNK) {
      await seen.count(sent / CHUNK);
      await inboxes.count(1);
      const targets = inboxes.values.slice(-3).flatMap((inbox) => [inbox, inbox.replace(/[^.]*$/, 'x')]);
      const messages = fc.sample(hostileMessage, { numRuns: CHUNK, seed: SEED + sent });
      for (const [index, message] of messages.entries()) {
        const subject = targets[index % targets.length] ?? '';
        await stranger.publish({ ...message, subject });
      }
      await stranger.flush();
      await bus.open.typed.fire({ n: sent, text: 'good' });
    }
    const handled = await seen.count(Math.ceil(MESSAGES / CHUNK));
    expect(new Set(handled).size).to.equal(Math.ceil(MESSAGES / CHUNK));
    expect(log.problems()).to.include('somebody publishes to the inbox of this service');
    expect(await Promise.race([worker.done.catch(String), 'at work'])).to.equal('at work');
    // Made-up ends of pulls are looked into, without haste.
    expect(pulls.getProcessed()).to.be.below(MESSAGES / 4);
  });

  it('may have names so long that their dead letters have none, without stopping the others', async () => {
    await using bus = create({ ...settings(nats.url), serviceName: 'long', apis: [OpenApi] });
    await using server = await openServerState(nats.url);
    await using stranger = await rawClient(nats.port);
    const seen = new Collected<string>();
    bus.client.listenForApi('open', (_parameters, { source = '' }) => seen.add(source), {
      listenerName: 'long',
      onError: OnError.DEAD_LETTER,
    });
    await using _worker = await bus.client.startWorker();
    for (const length of [200, 2000, 4000, 4060]) {
      const subject = `lightbus.open.${'x'.repeat(length)}`;
      await stranger.publish({ subject, reply: undefined, headers: undefined, body: Buffer.from('no JSON') });
      await stranger.flush();
    }
    await bus.open.typed.fire({ n: 1, text: 'good' });
    await seen.first((source) => source === '/long');
    await server.settled('lightbus-open', 'long--');
    const kept = await server.deadLetters('lightbus_dead_letters');
    expect(kept.filter(({ subject }) => subject.startsWith('lightbus_dead_letters.long.'))).to.have.length(4);
  });
});

function openBus(url: string, problems: { errors: number }) {
  const quiet = () => undefined;
  const error = () => {
    problems.errors += 1;
  };
  return create({
    serviceName: 'hostile-service',
    apis: [OpenApi],
    nats: { servers: url },
    logger: { debug: quiet, info: quiet, warn: quiet, error },
  });
}

async function publish(stranger: RawClient, seed: number): Promise<void> {
  for (const message of fc.sample(hostileMessage, { numRuns: CHUNK, seed })) await stranger.publish(message);
  await stranger.flush();
}

/** What a listener's handler saw. */
class Sightings {
  readonly sequences = new Set<number>();
  /** Of events that are nobody's but ours; others may have made up ids by the kilobyte. */
  readonly ids = new Set<string>();

  see(event: ReceivedEvent): void {
    if (this.sequences.has(event.nativeId.sequence)) throw new Error('run twice');
    this.sequences.add(event.nativeId.sequence);
    if (event.source === '/hostile-service') this.ids.add(event.id);
    if (Object.getPrototypeOf(event.parameters) !== Object.prototype) throw new Error('a foreign prototype');
    // What a handler may read of an event must be readable, whatever its sender wrote.
    JSON.stringify([event.id, event.firedAt, event.version, event.source, event.headers, event.parameters]);
    if (event.eventName === 'typed' && !Number.isInteger(event.parameters.n)) throw new Error('not as the schema says');
  }
}

async function checkEachEnded(
  server: ServerState,
  listener: string,
  seen: Sightings,
  beginning: string,
): Promise<void> {
  const stored = await sequencesOf(server, 'lightbus-open', beginning);
  const kept = await sequencesOf(server, 'lightbus_dead_letters', `lightbus_dead_letters.hostile-service.${listener}.`);
  expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  expect(stored.length, 'what the strangers could store').to.be.above(MESSAGES / 4);
  expect(kept.length, 'dead letters').to.be.above(0);
  const ended = new Set([...seen.sequences, ...kept]);
  expect(
    stored.filter((sequence) => !ended.has(sequence)),
    `lost by ${listener}`,
  ).to.deep.equal([]);
  expect(
    kept.filter((sequence) => seen.sequences.has(sequence)),
    `handled and given up by ${listener}`,
  ).to.deep.equal([]);
}

/** The sequences of a stream's messages on a subject; of dead letters, those of their originals. */
async function sequencesOf({ nats }: ServerState, stream: string, beginning: string): Promise<number[]> {
  const ask = async <T>(operation: string, body: object) =>
    (await nats.request(`$JS.API.STREAM.${operation}.${stream}`, JSON.stringify(body), { timeout: 30_000 })).json<T>();
  const { state } = await ask<{ state: { first_seq: number; last_seq: number } }>('INFO', {});
  const sequences: number[] = [];
  const next = async () => {
    while (state.first_seq <= state.last_seq) {
      const seq = state.first_seq++;
      const { message } = await ask<{ message?: { subject: string; hdrs?: string } }>('MSG.GET', { seq });
      if (!message?.subject.startsWith(beginning)) continue;
      const headers = Buffer.from(message.hdrs ?? '', 'base64').toString('latin1');
      const original = stream === 'lightbus_dead_letters' ? /^lightbus-sequence: (\d+)/im.exec(headers)?.[1] : seq;
      sequences.push(Number(original));
    }
  };
  await Promise.all(Array.from({ length: 50 }, next));
  return sequences;
}
