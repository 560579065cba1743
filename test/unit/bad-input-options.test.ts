import { expect } from 'chai';
import { API_OPTIONS } from '../../lib/config/api-options.js';
import type { Rule, RuleTable } from '../../lib/config/option.js';
import { CONFIG_OPTIONS } from '../../lib/config/options.js';
import { Api, create, Event, InvalidConfiguration, OnError, Parameter, RetryAfter } from '../../lib/index.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_created = new Event();
}

const noop = () => undefined;
const NAMED = { listenerName: 'watch' };
/** A bus that never connects. */
const bus = () => create({ serviceName: 'x', apis: [AuthApi], nats: { servers: '127.0.0.1:1' } });
const first = async (list: AsyncIterable<unknown>) => {
  for await (const _ of list) return;
};

/** Each call that takes options, with options that its types forbid. */
const CALLS: Readonly<Record<string, (options: object) => unknown>> = {
  create: (options) => create({ serviceName: 'x', ...options }),
  'create({ config })': (config) => create({ serviceName: 'x', config }),
  'create({ nats })': (nats) => create({ serviceName: 'x', nats }),
  listen: (options) => bus().auth.user_created.listen(noop, { ...NAMED, ...options }),
  listenBatch: (options) => bus().auth.user_created.listenBatch(noop, { ...NAMED, ...options }),
  fire: (options) => bus().auth.user_created.fire({}, options),
  startWorker: (options) => bus().client.startWorker(options),
  'deadLetters.list': (options) => first(bus().client.deadLetters.list(options)),
  'deadLetters.replay': (options) => bus().client.deadLetters.replay(options),
  'deadLetters.remove': (options) => bus().client.deadLetters.remove(options),
  'new Event': (options) => new Event(options),
  'new Parameter': (options) => new Parameter({ type: 'string' } as never, options),
};

const DURATIONS = [
  '30d',
  '25d',
  5000,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '5',
  '1 s',
  'soon',
  true,
  [],
  {},
  null,
];
const COUNTS = [0, -1, 1.5, Number.NaN, '3', true, null, 2 ** 53];
const FLAGS = ['yes', 1, null, {}];
const FUNCTIONS = ['f', 1, {}, null];

/** What each option may not be. */
const WRONG: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  'create({ config })': {
    shutdownTimeout: DURATIONS,
    manage: FLAGS,
    logLevel: ['loud', 3, null],
    serviceName: [3, '', {}],
  },
  'create({ nats })': {
    servers: [3, '', [], {}],
    user: [3, {}],
    token: [[]],
    tls: ['yes', [], 3],
    credentials: [3, ''],
  },
  listen: {
    acknowledgementTimeout: [...DURATIONS, 0, '0.5ms'],
    handlerTimeout: [...DURATIONS, 0],
    concurrency: [...COUNTS, 10_001],
    maxAttempts: COUNTS,
    ordered: FLAGS,
    onError: ['IGNORE', 'toString', ['RETRY'], 3, null],
    orderBy: FUNCTIONS,
    since: ['old', 5, new Date('x'), { sequence: 0 }, null],
    backoff: ['linear', 5, [], ['1s', 'soon'], ['30d'], null],
  },
  listenBatch: {
    maxSize: [...COUNTS, 1001],
    maxWait: [...DURATIONS, '2d', 0],
    handlerTimeout: DURATIONS,
    acknowledgementTimeout: DURATIONS,
  },
  fire: { timeout: DURATIONS, id: ['', 3, null, 'a\nb', 'x'.repeat(513)], signal: ['stop', {}, null, 3] },
  startWorker: { signal: ['stop', {}, null, 3] },
  'deadLetters.list': {
    limit: COUNTS,
    sequence: [0, '1', [1, 'x']],
    since: ['1h', 3, new Date('x')],
    error: [3, {}],
    service: [3],
  },
  'deadLetters.remove': { dryRun: FLAGS, signal: ['stop', 3], onProgress: FUNCTIONS, until: [3] },
};

describe('Bad input in options', () => {
  const refused = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      expect(error).to.be.instanceOf(InvalidConfiguration);
      return (error as Error).message;
    }
    throw new Error('it was not refused');
  };
  const shown = (value: unknown) =>
    typeof value === 'number' || value instanceof Date ? String(value) : JSON.stringify(value);

  for (const [call, options] of Object.entries(WRONG)) {
    for (const [option, values] of Object.entries(options)) {
      it(`${call}: ${option} names itself and what is allowed`, async () => {
        for (const value of values) {
          const message = await refused(() => CALLS[call]?.({ [option]: value }));
          expect(message, shown(value))
            .to.include(option)
            .and.match(/; (give|if milliseconds are meant, write) /);
        }
      });
    }
  }

  for (const [call, act] of Object.entries(CALLS)) {
    it(`${call}: knows no options but its own, whatever they are called`, async () => {
      for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'xyzzy']) {
        // As JSON.parse makes them: `{ __proto__: … }` would set the prototype.
        const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
        const message = await refused(() => act(Object.assign(Object.create(null), options, { [name]: 1 })));
        expect(message, name).to.include(`${name} is not an option`).and.include('known are');
      }
    });
  }

  for (const wrong of DURATIONS) {
    it(`RetryAfter: ${shown(wrong)}`, async () => {
      expect(await refused(() => new RetryAfter(wrong as never))).to.match(/^RetryAfter: .*; (give|if milliseconds)/);
    });
  }

  it('are spelt as English is', async () => {
    const messages = await Promise.all([
      refused(() => bus().auth.user_created.listen(noop, [] as never)).catch(String),
      refused(() => bus().client.startWorker([] as never)),
      refused(() => create([] as never)),
      refused(() => bus().auth.user_created.listen(noop, { ...NAMED, onError: {} as never })),
    ]);
    expect(messages.join('\n')).not.to.match(/\ba [aeiou]/i);
  });

  it('allow the longest durations that a timer can wait for', () => {
    bus().auth.user_created.listenBatch(noop, {
      ...NAMED,
      acknowledgementTimeout: '24d',
      handlerTimeout: '24d',
      maxWait: '1d',
      onError: OnError.RETRY,
      backoff: ['24d'],
    });
    expect(new RetryAfter('24d').delay).to.be.below(2 ** 31);
  });

  it('every duration that a timer waits for has that bound', () => {
    const SERVERS = ['maxAge', 'duplicateWindow']; // The server waits for these.
    const check = (table: RuleTable, path: string) => {
      for (const [name, rule] of Object.entries(table) as [string, Rule][]) {
        if ('options' in rule) check(rule.options, `${path}.${name}`);
        if (rule.type === 'duration' && !SERVERS.includes(name)) {
          expect(rule.maximum, `${path}.${name}`).to.be.below(2 ** 31);
        }
      }
    };
    check(CONFIG_OPTIONS, 'config');
    check(API_OPTIONS, 'apis');
  });
});
