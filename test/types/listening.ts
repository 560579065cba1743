// Listeners: what their handlers see, and their options. Compiled, never run.
import { expectTypeOf } from 'expect-type';
import { Type } from 'typebox';
import type { Create } from '../../lib/bus/handles.js';
import { Api } from '../../lib/definition/api.js';
import { Event } from '../../lib/definition/event.js';
import { type Listener, type ListenOptions, OnError, type Since } from '../../lib/delivery/options.js';
import type { Duration } from '../../lib/duration.js';
import type { EventMessage, OutgoingEvent, ReceivedEvent } from '../../lib/message/message.js';

declare const create: Create;

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_created = new Event({ parameters: { username: Type.String(), email: Type.String() } });
  user_updated = new Event({ parameters: { username: Type.String(), age: Type.Integer() } });
  user_deleted = new Event({ parameters: 'username' });
}
class OrdersApi extends Api {
  static meta = { name: 'my_company.orders' } as const;
  order_placed = new Event({ parameters: { id: Type.Integer() } });
}
const bus = create({ apis: [AuthApi, OrdersApi] });
const { user_created, user_updated } = bus.auth;
const { client } = bus;

// One listener for many events: eventName and apiName narrow event.parameters.
const listener = client.listenForEvents(
  [user_created, user_updated, bus.my_company.orders.order_placed],
  (parameters, event) => {
    if ('username' in parameters) expectTypeOf(parameters.username).toEqualTypeOf<string>();
    expectTypeOf(event.eventName).toEqualTypeOf<'user_created' | 'user_updated' | 'order_placed'>();
    expectTypeOf(event.apiName).toEqualTypeOf<'auth' | 'my_company.orders'>();
    if (event.eventName === 'user_created') {
      expectTypeOf(event.parameters).toEqualTypeOf<{ username: string; email: string }>();
    } else if (event.apiName === 'my_company.orders') {
      expectTypeOf(event.parameters).toEqualTypeOf<{ id: number }>();
    } else {
      expectTypeOf(event.parameters).toEqualTypeOf<{ username: string; age: number }>();
    }
    // @ts-expect-error not on all of them
    event.parameters.email;
  },
  { listenerName: 'many', orderBy: (_, event) => event.eventName },
);
expectTypeOf(listener).toEqualTypeOf<Listener>();
// @ts-expect-error no event
client.listenForEvents([bus.auth], () => {}, { listenerName: 'x' });
// @ts-expect-error no name
client.listenForEvents([user_created], () => {}, {});

// A whole API.
client.listenForApi(
  'auth',
  (_, event) => {
    expectTypeOf(event.apiName).toEqualTypeOf<'auth'>();
    switch (event.eventName) {
      case 'user_created':
        expectTypeOf(event.parameters.email).toEqualTypeOf<string>();
        break;
      case 'user_updated':
        expectTypeOf(event.parameters.age).toEqualTypeOf<number>();
        break;
      case 'user_deleted':
        expectTypeOf(event.parameters.username).toBeAny();
        break;
      default:
        expectTypeOf(event).toBeNever();
    }
  },
  { listenerName: 'audit' },
);
client.listenForApi('my_company.orders', ({ id }) => id.toFixed(), { listenerName: 'orders' });
// @ts-expect-error no such API
client.listenForApi('atuh', () => {}, { listenerName: 'x' });

// What a handler gets.
user_created.listen(
  (parameters, event) => {
    expectTypeOf(event.parameters).toEqualTypeOf(parameters);
    expectTypeOf(event).toEqualTypeOf<ReceivedEvent<'auth', 'user_created', { username: string; email: string }>>();
    expectTypeOf(event.id).toEqualTypeOf<string>();
    expectTypeOf(event.version).toEqualTypeOf<number>();
    expectTypeOf(event.attempt).toEqualTypeOf<number>();
    expectTypeOf(event.replayed).toEqualTypeOf<boolean>();
    expectTypeOf(event.firedAt).toEqualTypeOf<Date>();
    expectTypeOf(event.source).toEqualTypeOf<string | undefined>();
    expectTypeOf(event.nativeId.sequence).toEqualTypeOf<number>();
    expectTypeOf(event.headers['ce-id']).toEqualTypeOf<string | undefined>();
    expectTypeOf(event.signal).toEqualTypeOf<AbortSignal>();
    // @ts-expect-error read only
    event.attempt = 2;
  },
  { listenerName: 'x' },
);
user_created.listen(new URL('./report.ts', import.meta.url), { listenerName: 'thread' });

// Batches.
user_created.listenBatch(
  async (events, batch) => {
    expectTypeOf(events).toEqualTypeOf<
      readonly ReceivedEvent<'auth', 'user_created', { username: string; email: string }>[]
    >();
    for (const event of events) batch.fail(event, new Error(event.parameters.email));
    // @ts-expect-error no event
    batch.fail('x', new Error());
  },
  { listenerName: 'batch', maxSize: 50, maxWait: '200ms', concurrency: 2 },
);
// @ts-expect-error makes no sense with batches
user_created.listenBatch(() => {}, { listenerName: 'x', ordered: true });
// @ts-expect-error makes no sense with batches
user_created.listenBatch(() => {}, { listenerName: 'x', orderBy: ({ username }) => username });
// @ts-expect-error only for batches
user_created.listen(() => {}, { listenerName: 'x', maxSize: 50 });

// Options.
const every: ListenOptions[] = [
  { listenerName: 'x' },
  { listenerName: 'x', onError: OnError.SHUTDOWN },
  { listenerName: 'x', onError: 'RETRY', maxAttempts: 3, backoff: ['1s', '5m', 10] },
  { listenerName: 'x', onError: undefined, backoff: 'exponential', concurrency: 8, ordered: undefined },
  { listenerName: 'x', ordered: true, since: 'beginning', acknowledgementTimeout: 60, handlerTimeout: '2m' },
  { listenerName: 'x', since: new Date() },
  { listenerName: 'x', since: { sequence: 7 } },
];
expectTypeOf(every).not.toBeAny();
user_created.listen(() => {}, {
  listenerName: 'x',
  onError: async (error, event) => {
    expectTypeOf(error).toBeUnknown();
    expectTypeOf(event.parameters.email).toEqualTypeOf<string>();
    return event.attempt > 3 ? OnError.DEAD_LETTER : OnError.RETRY;
  },
  orderBy: ({ username }, event) => username + event.parameters.username,
});
user_created.listen(() => {}, { listenerName: 'x', onError: () => OnError.ACKNOWLEDGE_AND_LOG });
// @ts-expect-error no outcome
user_created.listen(() => {}, { listenerName: 'x', onError: 'IGNORE' });
// @ts-expect-error no outcome
user_created.listen(() => {}, { listenerName: 'x', onError: () => 'IGNORE' });
// @ts-expect-error no such parameter
user_created.listen(() => {}, { listenerName: 'x', orderBy: ({ user }) => user });
// @ts-expect-error no such option
user_created.listen(() => {}, { listenerName: 'x', retries: 3 });
// @ts-expect-error no such beginning
user_created.listen(() => {}, { listenerName: 'x', since: 'yesterday' });

// OnError is a constant and a type.
const outcome: OnError = OnError.DEAD_LETTER;
expectTypeOf<OnError>().toEqualTypeOf<'SHUTDOWN' | 'ACKNOWLEDGE_AND_LOG' | 'RETRY' | 'DEAD_LETTER'>();
expectTypeOf(outcome).toEqualTypeOf<'DEAD_LETTER'>();
expectTypeOf<Since>().toEqualTypeOf<'new' | 'beginning' | Date | { readonly sequence: number }>();

// Durations.
const durations: Duration[] = [15, 0.5, '500ms', '30s', '2m', '1.5h', '7d'];
expectTypeOf(durations).not.toBeAny();
// @ts-expect-error no unit
const bare: Duration = '30';
// @ts-expect-error no such unit
const weeks: Duration = '2w';
expectTypeOf([bare, weeks]).not.toBeAny();

// Hooks, which return nothing.
expectTypeOf(client.onStart(() => 'anything')).toEqualTypeOf<void>();
client.onStop(async () => {});
client.beforeEventSent((event) => {
  expectTypeOf(event).toEqualTypeOf<OutgoingEvent>();
  // @ts-expect-error not stored yet
  event.nativeId;
});
client.afterEventSent((event) => expectTypeOf(event).toEqualTypeOf<EventMessage>());
client.beforeEventExecution((event) => expectTypeOf(event).toEqualTypeOf<ReceivedEvent>());
client.afterEventExecution((event) => expectTypeOf(event.attempt).toEqualTypeOf<number>());

// A whole API by its handle.
client.listenForApi(bus.auth, (_parameters, event) => event.eventName satisfies string, { listenerName: 'by_handle' });
