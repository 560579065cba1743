// What `create` makes of classes, type arguments and neither. Compiled, never run.
import { expectTypeOf } from 'expect-type';
import { Type } from 'typebox';
import type { Bus, Create, EventHandle, UntypedBus, UntypedNode } from '../../lib/bus/handles.js';
import { Api } from '../../lib/definition/api.js';
import { Event } from '../../lib/definition/event.js';

declare const create: Create;

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_created = new Event({ parameters: ['username'] });
  _internal = new Event({ parameters: ['x'] });
  notAnEvent = { parameters: ['y'] };
  ping = new Event();
}
class OrdersApi extends Api {
  static meta = { name: 'my_company.orders', version: 2 } as const;
  order_placed = new Event({ parameters: { id: Type.Integer() } });
}
class BillingApi extends Api {
  static meta = { name: 'my_company.billing' } as const;
  bill_sent = new Event({ parameters: { id: Type.Integer(), note: Type.Optional(Type.String()) } });
}
abstract class HasHistory extends Api {
  record_changed = new Event({ parameters: { id: Type.Integer() } });
}
class ArchiveApi extends HasHistory {
  static meta = { name: 'archive', version: 2 } as const;
  order_archived = new Event({ parameters: 'id' });
}
class Forgotten extends Api {
  static meta = { name: 'forgotten' };
  happened = new Event({ parameters: 'x' });
}
class Nameless extends Api {
  happened = new Event({ parameters: 'x' });
}
class NoApi {
  static meta = { name: 'no_api' } as const;
  happened = new Event({ parameters: 'x' });
}

// Dotted names nest; APIs with the same beginning share it.
const bus = create({ apis: [AuthApi, OrdersApi, BillingApi, ArchiveApi] });
expectTypeOf(bus).toEqualTypeOf<Bus<typeof AuthApi | typeof OrdersApi | typeof BillingApi | typeof ArchiveApi>>();
bus.my_company.orders.order_placed.fire({ id: 1 });
bus.my_company.billing.bill_sent.fire({ id: 1 });
bus.my_company.billing.bill_sent.fire({ id: 1, note: 'paid' });
// @ts-expect-error an event of the other API
bus.my_company.billing.order_placed.fire({ id: 1 });
// @ts-expect-error not a name of its own
bus.orders.order_placed.fire({ id: 1 });

// A subclass keeps the events of its parent.
bus.archive.record_changed.fire({ id: 1 });
bus.archive.order_archived.fire({ id: 'any' });

// Only public events are there.
expectTypeOf<keyof typeof bus.auth>().toEqualTypeOf<'user_created' | 'ping'>();
bus.auth.ping.fire();
bus.auth.ping.fire({});
bus.auth.ping.fire({}, { id: 'x' });
// @ts-expect-error it has no parameters
bus.auth.ping.fire({ x: 1 });
// @ts-expect-error it has no parameters
bus.auth.ping.listen(({ x }) => x, { listenerName: 'x' });

// What is forgotten on a class is said.
// @ts-expect-error Write `as const` after meta = { name: … }
create({ apis: [Forgotten] });
// @ts-expect-error the same beside a good class
create({ apis: [AuthApi, Forgotten] });
// @ts-expect-error the same, the other way round
create({ apis: [Forgotten, AuthApi] });
// @ts-expect-error no meta
create({ apis: [Nameless] });
// @ts-expect-error does not extend Api
create({ apis: [NoApi] });
// @ts-expect-error an instance is not a class
create({ apis: [new AuthApi()] });
// @ts-expect-error unknown option
create({ servicename: 'x' });

// A service that owns one API and listens to another names both.
const both = create<typeof AuthApi | typeof OrdersApi>({ apis: [OrdersApi] });
both.my_company.orders.order_placed.fire({ id: 1 });
both.auth.user_created.listen(({ username }) => username, { listenerName: 'x' });
// @ts-expect-error a class in `apis` that the type argument does not name
create<typeof AuthApi>({ apis: [OrdersApi] });
// @ts-expect-error only what is named is there
create<typeof AuthApi>({ serviceName: 'x' }).my_company;

// Neither: untyped. Under noUncheckedIndexedAccess each step may be undefined.
const untyped = create({ serviceName: 'other-service' });
expectTypeOf(untyped).toEqualTypeOf<UntypedBus>();
expectTypeOf(create()).toEqualTypeOf<UntypedBus>();
expectTypeOf(create({ apis: [] })).toEqualTypeOf<UntypedBus>();
// @ts-expect-error may be undefined
untyped.auth.user_created;
untyped.auth?.user_created?.listen(
  ({ username, email }, event) => {
    const text: string = username + email;
    expectTypeOf(event.eventName).toEqualTypeOf<string>();
    return text;
  },
  { listenerName: 'x' },
);
untyped.my_company?.auth?.user_registered?.fire({ anything: 1 });
untyped.auth?.ping?.fire();
declare const api: string;
declare const event: string;
const node = untyped[api]?.[event];
expectTypeOf(node).toEqualTypeOf<UntypedNode | undefined>();
if (node) untyped.client.listenForEvents([node], ({ x }, { eventName }) => [x, eventName], { listenerName: 'x' });
untyped.client.listenForApi(api, ({ x }, received) => [x, received.parameters.y], { listenerName: 'x' });

// A typed bus is an untyped one to who says so, for names known only at run time.
const dynamic = bus as unknown as UntypedBus;
dynamic[api]?.[event]?.fire({});

// Functions over any handle, any bus.
function listenQuietly(handle: EventHandle): void {
  handle.listen(() => {}, { listenerName: 'quiet' });
}
listenQuietly(bus.auth.user_created);
listenQuietly(bus.my_company.orders.order_placed);
if (node) listenQuietly(node);

// Every option, also undefined.
create({ serviceName: undefined, processName: undefined, apis: undefined, config: undefined, nats: undefined });
create({
  config: { serviceName: 'x', shutdownTimeout: '30s', apis: { auth: { acknowledgementTimeout: 10 } } },
  nats: { servers: ['nats://127.0.0.1:4222'] },
  logger: { debug() {}, info() {}, warn() {}, error() {} },
});
create({ config: './lightbus.yaml', logger: undefined });

/** A bus as a parameter. */
export async function fireFrom(given: Bus<typeof AuthApi>): Promise<void> {
  await given.auth.user_created.fire({ username: 'adam' });
}
fireFrom(create({ apis: [AuthApi] }));
fireFrom(bus);
// @ts-expect-error a bus without that API
fireFrom(create({ apis: [OrdersApi] }));
