import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Type } from 'typebox';
import { Api, Event, OnError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { gate, oneTo, until, useWorld } from '../support/worker.js';

class BankApi extends Api {
  static meta = { name: 'bank' } as const;
  money_moved = new Event({ parameters: { account: Type.String(), number: Type.Integer() } });
}

const DURABLE = 'other-service--book--money_moved';

describe('order by key', function () {
  this.timeout('60s');
  const world = useWorld(useNats());

  /** A bus with `rounds` events of each account on its stream, alternating. */
  async function bank(rounds: number, accounts: readonly string[]) {
    const bus = world.bus({ apis: [BankApi] });
    for (const number of oneTo(rounds)) {
      for (const account of accounts) await bus.bank.money_moved.fire({ account, number });
    }
    return bus;
  }

  const settled = () => world.settled(DURABLE, world.stream('bank'));

  it('runs the events of one key one after another, other keys beside them', async () => {
    const bus = await bank(25, ['a', 'b', 'c']);
    const seen = new Map<string, number[]>();
    const running = new Set<string>();
    let most = 0;
    bus.bank.money_moved.listen(
      async ({ account, number }) => {
        expect(running.has(account), `two events of ${account} at once`).to.equal(false);
        running.add(account);
        most = Math.max(most, running.size);
        await sleep(number % 4);
        seen.set(account, [...(seen.get(account) ?? []), number]);
        running.delete(account);
      },
      { listenerName: 'book', since: 'beginning', concurrency: 10, orderBy: ({ account }) => account },
    );
    await bus.client.startWorker();
    await settled();
    for (const account of ['a', 'b', 'c']) expect(seen.get(account), account).to.deep.equal(oneTo(25));
    expect(most, 'accounts at once').to.equal(3);
  });

  it('holds back only the key whose event is being retried', async () => {
    const bus = await bank(10, ['a', 'b']);
    const seen: string[] = [];
    bus.bank.money_moved.listen(
      async ({ account, number }) => {
        const others = seen.filter((entry) => entry.startsWith('b')).length;
        if (account === 'a' && number === 1 && others < 10) throw new Error('not before all of b');
        seen.push(`${account}${number}`);
      },
      {
        listenerName: 'book',
        since: 'beginning',
        concurrency: 4,
        orderBy: ({ account }) => account,
        onError: OnError.RETRY,
        backoff: ['20ms'],
        maxAttempts: 1000,
      },
    );
    await bus.client.startWorker();
    await settled();
    expect(seen).to.deep.equal([...oneTo(10).map((n) => `b${n}`), ...oneTo(10).map((n) => `a${n}`)]);
  });

  it('counts attempts of what it retries, and gives it up after maxAttempts; its key goes on', async () => {
    const bus = await bank(2, ['a']);
    const calls: string[] = [];
    bus.bank.money_moved.listen(
      ({ number }, event) => {
        calls.push(`${number} at attempt ${event.attempt}`);
        if (number === 1) throw new Error('never');
      },
      {
        listenerName: 'book',
        since: 'beginning',
        concurrency: 2,
        orderBy: ({ account }) => account,
        onError: OnError.RETRY,
        backoff: ['20ms'],
        maxAttempts: 3,
      },
    );
    await bus.client.startWorker();
    await settled();
    expect(calls.slice(0, 3)).to.deep.equal(['1 at attempt 1', '1 at attempt 2', '1 at attempt 3']);
    expect(calls.slice(3)).to.have.length(1);
    expect(await world.deadLetters()).to.have.length(1);
  });

  it('keeps the leases of what waits behind its key, however long', async () => {
    const bus = await bank(4, ['a']);
    const seen: string[] = [];
    const first = gate();
    bus.bank.money_moved.listen(
      async ({ number }, event) => {
        seen.push(`${number} at attempt ${event.attempt}`);
        if (number === 1) {
          first.open();
          await sleep(2500);
        }
      },
      {
        listenerName: 'book',
        since: 'beginning',
        concurrency: 4,
        orderBy: ({ account }) => account,
        acknowledgementTimeout: '600ms',
      },
    );
    await bus.client.startWorker();
    await first.opened;
    await settled();
    expect(seen).to.deep.equal(oneTo(4).map((number) => `${number} at attempt 1`));
  });

  it('goes on with a key of which waiting events were given back', async () => {
    const bus = await bank(8, ['a', 'b', 'c']);
    await bus.bank.money_moved.fire({ account: 'slow', number: 0 });
    for (const number of oneTo(8)) {
      for (const account of ['a', 'b', 'c']) await bus.bank.money_moved.fire({ account, number: number + 8 });
    }
    const seen = new Map<string, number[]>();
    bus.bank.money_moved.listen(
      async ({ account, number }) => {
        if (account === 'slow') await sleep(2000);
        seen.set(account, [...(seen.get(account) ?? []), number]);
      },
      {
        listenerName: 'book',
        since: 'beginning',
        acknowledgementTimeout: '900ms',
        orderBy: ({ account }) => account,
      },
    );
    await bus.client.startWorker();
    await until('the slow one has ended', () => seen.has('slow'));
    await settled();
    for (const account of ['a', 'b', 'c']) expect(seen.get(account), account).to.deep.equal(oneTo(16));
    expect(await world.deadLetters()).to.deep.equal([]);
  });

  it('runs what has no key of its own, because orderBy threw, as a failure of its handler', async () => {
    const bus = await bank(2, ['a']);
    const seen: number[] = [];
    bus.bank.money_moved.listen(({ number }) => seen.push(number), {
      listenerName: 'book',
      since: 'beginning',
      concurrency: 2,
      orderBy: ({ account, number }) => {
        if (number === 1) throw new TypeError('no such account');
        return account;
      },
      onError: OnError.DEAD_LETTER,
    });
    await bus.client.startWorker();
    await settled();
    expect(seen).to.deep.equal([2]);
    const [letter] = await world.deadLetters();
    expect(letter?.header.get('lightbus-error-name')).to.equal('TypeError');
  });
});
