import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type ListenOptions, OnError } from '../../lib/index.js';
import { errorOf } from '../support/bus.js';
import { useNats } from '../support/nats.js';
import { gate, ShopApi, useWorld } from '../support/worker.js';

const PAGE = new URL('../../docs/user-code.md', import.meta.url);

type Kind = 'handler' | 'onError' | 'beforeEventExecution' | 'afterEventExecution' | 'onStart' | 'onStop';
type Act = 'fails' | 'neverSettles' | 'awaitsClose';

const FAILED = 'the attempt has failed; `onError` decides';
const TIMED_OUT = 'the same, after `handlerTimeout`';
const STOPS = 'the worker fails';
const INTERRUPTED = '`close()` rejects after `shutdownTimeout`; the event is given back';
const AT_ONCE = '`close()` rejects at once; the worker stops all the same';

/** The table of the page. */
const TABLE: Record<Kind, Record<Act, string>> = {
  handler: { fails: FAILED, neverSettles: TIMED_OUT, awaitsClose: INTERRUPTED },
  beforeEventExecution: { fails: FAILED, neverSettles: TIMED_OUT, awaitsClose: INTERRUPTED },
  onError: {
    fails: 'counts as `SHUTDOWN`: the worker fails',
    neverSettles: 'the same, after `handlerTimeout`, or 30 seconds',
    awaitsClose: '`close()` rejects after `shutdownTimeout`; the worker stops',
  },
  afterEventExecution: {
    fails: STOPS,
    neverSettles: TIMED_OUT,
    awaitsClose: '`close()` rejects after `shutdownTimeout`; the event was handled',
  },
  onStart: {
    fails: '`startWorker()` rejects with its error',
    neverSettles: 'a stop aborts its `signal`, and leaves it behind a second later',
    awaitsClose: '`close()` rejects at once, and the start ends',
  },
  onStop: { fails: STOPS, neverSettles: 'the same, a second after `shutdownTimeout`', awaitsClose: AT_ONCE },
};

describe('user code', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  /** A bus with one listener, where the code of one kind does one thing; `told` is what `close()` said to it. */
  function busWhere(kind: Kind, act: Act) {
    const config = { prefix: world.prefix, shutdownTimeout: '200ms' } as const;
    const bus = world.bus({ apis: [ShopApi], config });
    const told = { error: undefined as Error | undefined };
    const begun = gate();
    const code = async () => {
      begun.open();
      if (act === 'fails') throw new RangeError('on purpose');
      if (act === 'neverSettles') return new Promise<never>(() => undefined);
      told.error = await errorOf(bus.client.close());
      throw told.error;
    };
    const at = (own: Kind) => (own === kind ? code() : undefined);
    if (kind === 'onStart' || kind === 'onStop') bus.client[kind](code);
    else if (kind !== 'handler' && kind !== 'onError') bus.client[kind](code);
    const limit = act === 'neverSettles' ? '200ms' : '50s';
    const options: ListenOptions = { listenerName: 'watch', handlerTimeout: limit, onError: OnError.DEAD_LETTER };
    const handler = () => {
      if (kind === 'onError') throw new RangeError('for onError');
      return at('handler');
    };
    const onError = async () => (await at('onError')) ?? OnError.DEAD_LETTER;
    bus.shop.order_placed.listen(handler, kind === 'onError' ? { ...options, onError } : options);
    return { bus, told, begun: begun.opened };
  }

  for (const kind of ['handler', 'beforeEventExecution'] as const)
    for (const act of ['fails', 'neverSettles'] as const)
      it(`${kind} ${act}: ${TABLE[kind][act]}`, async () => {
        const { bus } = busWhere(kind, act);
        await bus.client.startWorker();
        await bus.shop.order_placed.fire({ number: 1 });
        const { fields } = await world.log.said('Gave an event up');
        expect(String(fields.err)).to.include(act === 'fails' ? 'on purpose' : 'handlerTimeout of 200 ms');
      });

  for (const kind of ['onError', 'afterEventExecution'] as const)
    for (const act of ['fails', 'neverSettles'] as const)
      it(`${kind} ${act}: ${TABLE[kind][act]}`, async () => {
        const { bus } = busWhere(kind, act);
        const worker = await bus.client.startWorker();
        await bus.shop.order_placed.fire({ number: 1 });
        await errorOf(worker.done);
        expect(worker.state).to.equal('failed');
        expect(world.log.problems()).to.include(kind);
        expect(world.log.problems()).to.include(act === 'fails' ? 'on purpose' : 'of 200 ms');
      });

  for (const kind of ['handler', 'beforeEventExecution', 'onError', 'afterEventExecution'] as const)
    it(`${kind} awaitsClose: ${TABLE[kind].awaitsClose}`, async () => {
      const { bus, told, begun } = busWhere(kind, 'awaitsClose');
      const worker = await bus.client.startWorker();
      const done = worker.done.catch(() => undefined);
      await bus.shop.order_placed.fire({ number: 1 });
      await begun;
      await bus.client.close();
      await done;
      expect(told.error?.message).to.include('bus.client.close() waits for a handler');
      if (kind === 'handler') expect(world.logged('interrupted by the stop')).to.have.length(1);
    });

  it(`onStart fails: ${TABLE.onStart.fails}`, async () => {
    expect(String(await errorOf(busWhere('onStart', 'fails').bus.client.startWorker()))).to.include('on purpose');
  });

  it(`onStart neverSettles: ${TABLE.onStart.neverSettles}`, async () => {
    const { bus, begun } = busWhere('onStart', 'neverSettles');
    const starting = errorOf(bus.client.startWorker());
    await begun;
    await bus.client.close();
    expect((await starting).message).to.include('closed while its worker was starting');
    expect(world.logged('A hook onStart does not end', 'warn')).to.have.length(1);
  });

  it(`onStart awaitsClose: ${TABLE.onStart.awaitsClose}`, async () => {
    const { bus, told } = busWhere('onStart', 'awaitsClose');
    await errorOf(bus.client.startWorker());
    expect(told.error?.message).to.include('a hook onStart');
  });

  for (const act of ['fails', 'neverSettles', 'awaitsClose'] as const)
    it(`onStop ${act}: ${TABLE.onStop[act]}`, async () => {
      const { bus, told } = busWhere('onStop', act);
      const worker = await bus.client.startWorker();
      const done = errorOf(worker.done);
      if (act === 'awaitsClose') await bus.client.close();
      else await worker.stop();
      const error = await done;
      if (act === 'fails') expect(error.message).to.equal('on purpose');
      else if (act === 'neverSettles') expect(error.message).to.include('shutdownTimeout of 200 ms');
      else expect(told.error?.message).to.include('a hook onStop');
    });

  it('is told of if it runs for three leases', async () => {
    const bus = world.bus({ apis: [ShopApi] });
    const over = gate();
    bus.shop.order_placed.listen(() => over.opened, { listenerName: 'watch', acknowledgementTimeout: '300ms' });
    await bus.client.startWorker();
    await bus.shop.order_placed.fire({ number: 1 });
    const { fields } = await world.log.said('A handler has not ended for three times');
    expect(fields).to.include({ listener: 'watch', event: 'shop.order_placed', sequence: 1 });
    over.open();
  });

  it('is described by its page as this table says', async () => {
    const page = await readFile(PAGE, 'utf8');
    for (const [kind, { fails, neverSettles, awaitsClose }] of Object.entries(TABLE)) {
      const name = kind === 'handler' ? 'a handler' : `\`${kind}\``;
      expect(page).to.include(`| ${name} | ${fails} | ${neverSettles} | ${awaitsClose} |\n`);
    }
  });
});
