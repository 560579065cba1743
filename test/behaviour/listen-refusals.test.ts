import { expect } from 'chai';
import {
  create,
  DuplicateListenerName,
  EventNotFound,
  InvalidConfiguration,
  InvalidEventListener,
  InvalidName,
  type LightbusError,
  OnError,
} from '../../lib/index.js';
import { ShopApi, StockApi } from '../support/worker.js';

describe('listening refuses, when it is recorded,', () => {
  const nothing = () => {};
  const bus = () => create({ serviceName: 'other-service', apis: [ShopApi, StockApi] });
  type Refusal = new (...args: never[]) => LightbusError;
  const refusals: [string, (on: ReturnType<typeof bus>) => unknown, Refusal, RegExp][] = [
    [
      'a second listener of the same name on an API, though of another event',
      (on) => {
        on.shop.order_placed.listen(nothing, { listenerName: 'watch' });
        on.shop.order_paid.listen(nothing, { listenerName: 'watch' });
      },
      DuplicateListenerName,
      /"watch" exists on API "shop" already \(for shop\.order_placed\)/,
    ],
    [
      'a handler that is not a function',
      (on) => on.shop.order_placed.listen('send mail' as never, { listenerName: 'watch' }),
      InvalidEventListener,
      /handler of listener "watch" is "send mail"; give a function/,
    ],
    [
      'a missing handler',
      (on) => on.shop.order_placed.listen(undefined as never, { listenerName: 'watch' }),
      InvalidEventListener,
      /is missing; give a function/,
    ],
    ['missing options', (on) => on.shop.order_placed.listen(nothing, undefined as never), InvalidConfiguration, /./],
    [
      'a listener without a name',
      (on) => on.shop.order_placed.listen(nothing, {} as never),
      InvalidName,
      /Listener name undefined/,
    ],
    [
      'a listener name that NATS cannot hold',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'send mail' }),
      InvalidName,
      /"send mail".*letters, digits and underscores, with single hyphens/,
    ],
    [
      'an event that starts with an underscore',
      (on) => (on as never as Untyped).shop._secret?.listen(nothing, { listenerName: 'watch' }),
      InvalidName,
      /"_secret" starts with an underscore/,
    ],
    [
      'an event that its API does not declare',
      (on) => (on as never as Untyped).shop.order_lost?.listen(nothing, { listenerName: 'watch' }),
      EventNotFound,
      /has no event "order_lost"; it has order_placed, order_paid/,
    ],
    [
      'an option that there is not',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', onErorr: 3 } as never),
      InvalidConfiguration,
      /onErorr is not an option \(did you mean "onError"\?\); known are 'listenerName', 'onError'/,
    ],
    [
      'an outcome that there is not',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', onError: 'IGNORE' as OnError }),
      InvalidConfiguration,
      /onError: "IGNORE" is not allowed; give a function or OnError\.SHUTDOWN/,
    ],
    [
      'a bare time-out that looks like milliseconds',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', acknowledgementTimeout: 30_000 }),
      InvalidConfiguration,
      /acknowledgementTimeout: 30000 is a number of seconds; .*'30000ms'/,
    ],
    [
      'an empty list of delays',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', backoff: [] }),
      InvalidConfiguration,
      /backoff: an array is not allowed; give 'exponential' or a list of durations/,
    ],
    [
      'a concurrency of none',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', concurrency: 0 }),
      InvalidConfiguration,
      /concurrency: 0 is not allowed; give a whole number from 1/,
    ],
    [
      'an order with a concurrency',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', ordered: true, concurrency: 2 }),
      InvalidEventListener,
      /ordered means one event at a time, and concurrency is 2/,
    ],
    [
      'an order over several durables',
      (on) =>
        on.client.listenForEvents([on.shop.order_placed, on.shop.order_paid], nothing, {
          listenerName: 'watch',
          ordered: true,
        }),
      InvalidEventListener,
      /is ordered and has 2 events.*listenForApi/,
    ],
    [
      'a place to begin that there is not',
      (on) => on.shop.order_placed.listen(nothing, { listenerName: 'watch', since: new Date('yesterday') }),
      InvalidConfiguration,
      /since: a Date that is not valid is not allowed; give 'new', 'beginning', a Date/,
    ],
    [
      'no event at all',
      (on) => on.client.listenForEvents([], nothing, { listenerName: 'watch' }),
      InvalidEventListener,
      /listens to no event/,
    ],
    [
      'an event twice',
      (on) => on.client.listenForEvents([on.shop.order_paid, on.shop.order_paid], nothing, { listenerName: 'watch' }),
      InvalidEventListener,
      /is given an event twice/,
    ],
    [
      'what is not an event',
      (on) => on.client.listenForEvents(['order_paid' as never], nothing, { listenerName: 'watch' }),
      InvalidEventListener,
      /entry 0 is not an event of a bus/,
    ],
  ];
  for (const [what, act, type, message] of refusals) {
    it(what, () => {
      const on = bus();
      expect(() => act(on)).to.throw(type, message);
    });
  }

  it('nothing about one name on two APIs', () => {
    const on = bus();
    on.shop.order_placed.listen(nothing, { listenerName: 'watch' });
    const listener = on.stock.item_moved.listen(nothing, { listenerName: 'watch', onError: OnError.RETRY });
    expect(listener).to.deep.include({ listenerName: 'watch', events: ['stock.item_moved'] });
  });
});

/** Events that the type of the bus does not know. */
interface Untyped {
  readonly shop: Record<string, { listen(handler: () => void, options: { listenerName: string }): unknown }>;
}
