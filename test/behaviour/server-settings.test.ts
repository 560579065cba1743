// What the server has of streams and durables, before a start and under a running worker. Which fields a server knows is
// asked of itself: what it did not keep, it does not have.
import { expect } from 'chai';
import type { BusInternals } from '../../lib/bus/internals.js';
import { OnError, Reject } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { ShopApi, until, useWorld } from '../support/worker.js';

const DURABLE = 'other-service--watch--order_placed';
const MS = 1_000_000;
type Config = Record<string, unknown>;

describe('settings on the server', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  async function api(operation: string, request: Config = {}): Promise<Config & { config: Config }> {
    const answer = await (await world.client()).request(`$JS.API.${operation}`, JSON.stringify(request), {
      timeout: 10_000,
    });
    const read = answer.json<Config & { config: Config; error?: { description: string } }>();
    if (read.error) throw new Error(read.error.description);
    return read;
  }

  /** Makes or changes a stream; false if the server does not have such a setting. */
  async function putStream(changes: Config, how: 'CREATE' | 'UPDATE', stream = world.stream()): Promise<boolean> {
    const config = how === 'CREATE' ? { name: stream, storage: 'file' } : (await api(`STREAM.INFO.${stream}`)).config;
    return keeps(await api(`STREAM.${how}.${stream}`, { ...config, ...changes }), changes);
  }

  /** Makes or changes the durable; false if the server does not have such a setting, or does not let it be changed. */
  async function putDurable(changes: Config): Promise<boolean> {
    const stream = world.stream();
    const found = await api(`CONSUMER.INFO.${stream}.${DURABLE}`).then(
      ({ config }) => config,
      () => ({ durable_name: DURABLE, ack_policy: 'explicit', filter_subject: `${world.prefix}.shop.order_placed` }),
    );
    const request = { stream_name: stream, config: { ...found, ...changes } };
    const made = await api(`CONSUMER.DURABLE.CREATE.${stream}.${DURABLE}`, request).catch(() => undefined);
    return made !== undefined && keeps(await api(`CONSUMER.INFO.${stream}.${DURABLE}`), changes);
  }

  const keeps = ({ config }: { config: Config }, changes: Config) =>
    Object.entries(changes).every(([field, value]) => !value || Boolean(config[field]));

  function watch(seen: number[] = [], handler = ({ number }: { number: number }): void => void seen.push(number)) {
    const bus = world.bus({ apis: [ShopApi] });
    bus.shop.order_placed.listen(handler, {
      listenerName: 'watch',
      acknowledgementTimeout: '2s',
      onError: OnError.DEAD_LETTER,
    });
    return bus;
  }

  const lookAgain = (bus: { client: object }) => (bus.client as { '~lightbus': BusInternals })['~lightbus'].lookAgain();

  /** What was said of a setting, in messages and in their errors. */
  const said = (text: string, level: string) =>
    world.log.entries.filter(
      (entry) => entry.level === level && `${entry.message} ${String(entry.fields.err ?? '')}`.includes(text),
    );

  const shop = () => ({ subjects: [`${world.prefix}.shop.*`] });

  const refused: [what: string, config: Config][] = [
    ['has max_deliver 2', { max_deliver: 2 }],
    ['has backoff', { backoff: [1000 * MS, 2000 * MS] }],
    ['has headers_only true', { headers_only: true }],
    ['has priority_groups', { priority_groups: ['a'], priority_policy: 'overflow' }],
  ];
  for (const [what, config] of refused) {
    it(`that a durable ${what} ends the start of its worker`, async function () {
      await putStream(shop(), 'CREATE');
      if (!(await putDurable(config))) return this.skip();
      const error = await errorOf(watch().client.startWorker());
      expect(error).to.have.property('code', 'DurableConflict');
      expect(error.message).to.include(what);
    });
  }

  it('that are changed under a running worker are told of at its next look, and gone by again when they are set back', async () => {
    const seen: number[] = [];
    const bus = watch(seen);
    await bus.client.startWorker();
    const subject = `${world.prefix}.shop.order_placed`;
    const changes: [what: string, change: Config, back: Config][] = [
      ['has max_deliver 2', { max_deliver: 2 }, { max_deliver: -1 }],
      ['has headers_only true', { headers_only: true }, { headers_only: false }],
      ['filters', { filter_subject: `${world.prefix}.shop.order_paid` }, { filter_subject: subject }],
      ['has backoff', { backoff: [3000 * MS] }, { backoff: undefined, ack_wait: 2000 * MS }],
    ];
    let fired = 0;
    for (const [what, change, back] of changes) {
      if (!(await putDurable(change))) continue;
      await lookAgain(bus);
      await until(`${what} is told`, () => said(what, 'error').length > 0);
      await putDurable(back);
      await bus.shop.order_placed.fire({ number: ++fired });
      await until(`an event is handled after ${what}`, () => seen.includes(fired));
    }
    expect(fired).to.be.at.least(3);
  });

  it('that bound pulls make them smaller and shorter, and no trouble', async () => {
    const seen: number[] = [];
    const bus = watch(seen);
    await bus.client.startWorker();
    expect(await putDurable({ max_batch: 2, max_expires: 500 * MS })).to.equal(true);
    for (let number = 1; number <= 20; number++) await bus.shop.order_placed.fire({ number });
    await until('all are handled', () => new Set(seen).size === 20);
    await until('a pull was refused', () =>
      world.log.entries.some(({ fields }) => /Exceeded Max/.test(String(fields.reason))),
    );
    expect(said('', 'error')).to.deep.equal([]);
  });

  it('that make the server refuse pulls are found then, without waiting for a look', async function () {
    const seen: number[] = [];
    const bus = watch(seen);
    await bus.client.startWorker();
    if (!(await putDurable({ priority_groups: ['a'], priority_policy: 'overflow' }))) return this.skip();
    await until('it is told', () => said('has priority_groups', 'error').length > 0);
    await putDurable({ priority_groups: undefined, priority_policy: undefined });
    await bus.shop.order_placed.fire({ number: 1 });
    await until('it is handled', () => seen.includes(1));
  });

  const unfit: [what: string, config: () => Config][] = [
    ['has no_ack true', () => ({ no_ack: true })],
    ['has subject_transform', () => ({ subject_transform: { src: `${world.prefix}.>`, dest: 'elsewhere.>' } })],
    ['has allow_msg_counter true', () => ({ allow_msg_counter: true })],
  ];
  for (const [what, config] of unfit) {
    it(`that a stream ${what} ends the first fire of a bus that only fires`, async function () {
      if (!(await putStream({ ...shop(), ...config() }, 'CREATE'))) return this.skip();
      const error = await errorOf(world.bus({ apis: [ShopApi] }).shop.order_placed.fire({ number: 1 }));
      expect(error).to.have.property('code', 'StreamConflict');
      expect(error.message).to.include(what);
    });
  }

  it('of a stream that weaken what is promised are warned of, each once', async () => {
    const settings: Config[] = [
      { discard: 'new' },
      { max_msg_size: 100_000 },
      { max_msgs_per_subject: 1000 },
      { max_consumers: 100 },
      { allow_rollup_hdrs: true },
      { republish: { src: `${world.prefix}.>`, dest: 'copies.>' } },
      { allow_msg_ttl: true },
      { consumer_limits: { max_ack_pending: 5000 } },
    ];
    const config = Object.assign({}, ...settings) as Config;
    await putStream({ ...shop(), ...config }, 'CREATE');
    const { config: kept } = await api(`STREAM.INFO.${world.stream()}`);
    const apis = { shop: { stream: { appendOnly: true } } };
    const bus = world.bus({ apis: [ShopApi], config: { prefix: world.prefix, apis } });
    bus.shop.order_placed.listen(() => {}, { listenerName: 'watch' });
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await lookAgain(bus);
    const told = said(`The stream ${world.stream()}`, 'warn').map(({ fields }) => fields.field);
    const expected = Object.keys(config).filter((field) => kept[field]);
    expect(told).to.have.members([...expected, 'deny_delete', 'deny_purge']);
    expect(said('settings that this version does not know', 'warn'), 'every field is known').to.deep.equal([]);
  });

  it('of a stream that is changed under a running worker are told of at its next look', async () => {
    const seen: number[] = [];
    const bus = watch(seen);
    await bus.client.startWorker();
    await putStream({ no_ack: true }, 'UPDATE');
    await lookAgain(bus);
    await until('it is told', () => said('has no_ack true', 'error').length > 0);
    await putStream({ no_ack: false }, 'UPDATE');
    await bus.shop.order_placed.fire({ number: 1 });
    await until('it is handled', () => seen.includes(1));
  });

  it('of dead letters that copy them to others keep the event where it is, until the stream is made anew', async function () {
    const [name, copies] = [`${world.prefix}_dead_letters`, `${world.prefix}-copies`];
    const republish = { src: '>', dest: `${copies}.>` };
    if (!(await putStream({ subjects: [`${name}.>`], discard: 'new', republish }, 'CREATE', name))) return this.skip();
    const copied: number[] = [];
    const stored = async () => ((await api(`STREAM.INFO.${name}`)).state as { messages: number }).messages;
    (await world.client()).subscribe(`${copies}.>`, { callback: () => copied.push(1) });
    const bus = watch([], () => {
      throw new Reject('bad');
    });
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    await until('it is told', () => said('has republish', 'error').length > 0);
    expect(await stored()).to.equal(0);
    // Older servers do not take it off a stream.
    await api(`STREAM.DELETE.${name}`);
    await until('it is kept', () => world.log.entries.some(({ message }) => message.startsWith('Gave an event up')));
    expect(await stored()).to.equal(1);
    expect(copied).to.deep.equal([]);
  });
});
