// biome-ignore-all lint/suspicious/noExplicitAny: parameters given by name alone are `any` on purpose
// The page of section "Events", as a user writes it. Compiled, never run.
import { expectTypeOf } from 'expect-type';
import { Type } from 'typebox';
import type { Create } from '../../lib/bus/handles.js';
import { Api } from '../../lib/definition/api.js';
import { Event } from '../../lib/definition/event.js';
import { Parameter } from '../../lib/definition/parameter.js';
import { OnError } from '../../lib/delivery/options.js';

declare const create: Create;

export class AuthApi extends Api {
  static meta = { name: 'auth' } as const;

  user_created = new Event({ parameters: ['username', 'email'] });
  user_updated = new Event({
    parameters: {
      username: Type.String(),
      new_email: Type.String({ format: 'email' }),
      is_admin: new Parameter(Type.Boolean(), { default: false }),
    },
  });
  user_deleted = new Event({ parameters: 'username' });
}

const owner = create({ serviceName: 'auth-service', apis: [AuthApi] });

// Names only take any JSON value, and all of them are required.
owner.auth.user_created.fire({ username: 'adam', email: 'adam@example.com' });
owner.auth.user_created.fire({ username: 1, email: ['any', { json: null }] }, { id: 'x', timeout: '5s' });
owner.auth.user_created.fire(
  { username: 'adam', email: '' },
  { timeout: 5, signal: new AbortController().signal, id: undefined },
);
// @ts-expect-error the page's own mistake: `password` for `email`
owner.auth.user_created.fire({ username: 'adam', password: 'adam@example.com' });
// @ts-expect-error `email` is missing
owner.auth.user_created.fire({ username: 'adam' });
// @ts-expect-error there is nothing to leave out
owner.auth.user_created.fire();
// @ts-expect-error no such event
owner.auth.user_craeted.fire({});
// @ts-expect-error no such API
owner.atuh.user_created.fire({});
// @ts-expect-error a duration has a unit
owner.auth.user_deleted.fire({ username: 'adam' }, { timeout: '5 seconds' });

// One bare name is one parameter.
owner.auth.user_deleted.fire({ username: 'adam' });
// @ts-expect-error not the name as such
owner.auth.user_deleted.fire('adam');

// What has a default may be left out, or be undefined.
owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c' });
owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c', is_admin: true });
owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c', is_admin: undefined });
// @ts-expect-error a wrong type
owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c', is_admin: 'yes' });
// @ts-expect-error one parameter too many
owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c', admin: true });
// @ts-expect-error new_email is missing
owner.auth.user_updated.fire({ username: 'adam' });

const stored = await owner.auth.user_updated.fire({ username: 'adam', new_email: 'a@b.c' });
expectTypeOf(stored.parameters).toEqualTypeOf<{ username: string; new_email: string; is_admin: boolean }>();
expectTypeOf(stored.apiName).toEqualTypeOf<'auth'>();
expectTypeOf(stored.eventName).toEqualTypeOf<'user_updated'>();
expectTypeOf(stored.id).toEqualTypeOf<string>();
expectTypeOf(stored.version).toEqualTypeOf<number>();
expectTypeOf(stored.duplicate).toEqualTypeOf<boolean>();
expectTypeOf(stored.nativeId).toEqualTypeOf<{ readonly stream: string; readonly sequence: number }>();

// The service that listens has the types only.
const bus = create<typeof AuthApi>({ serviceName: 'other-service' });
const userDb: Record<string, string> = {};

bus.client.onStart(() => {
  bus.auth.user_created.listen(
    ({ username, email }) => {
      userDb[username] = email;
    },
    { listenerName: 'user_created' },
  );
  bus.auth.user_updated.listen(
    (parameters) => {
      expectTypeOf(parameters).toEqualTypeOf<{ username: string; new_email: string; is_admin: boolean }>();
    },
    { listenerName: 'user_updated' },
  );
  bus.auth.user_deleted.listen(
    async ({ username }, event) => {
      expectTypeOf(event.parameters).toEqualTypeOf<{ username: any }>();
      delete userDb[username];
    },
    { listenerName: 'user_deleted', onError: OnError.ACKNOWLEDGE_AND_LOG },
  );
  // @ts-expect-error `password` is not a parameter
  bus.auth.user_created.listen(({ password }) => password, { listenerName: 'x' });
  // @ts-expect-error a listener has a name
  bus.auth.user_created.listen(() => {}, {});
  // @ts-expect-error a listener has a name
  bus.auth.user_created.listen(() => {});
  // @ts-expect-error no handler
  bus.auth.user_created.listen('handler', { listenerName: 'x' });
});

// Handlers declared beforehand, with the types that they need.
function handleCreated({ username, email }: { username: string; email: string }): void {
  userDb[username] = email;
}
bus.auth.user_created.listen(handleCreated, { listenerName: 'declared' });
interface User {
  username: string;
  email: string;
}
const user: User = { username: 'adam', email: 'a@b.c' };
bus.auth.user_created.fire(user);

await using _disposable = bus;
await using worker = await bus.client.startWorker({ signal: new AbortController().signal });
expectTypeOf(worker.done).toEqualTypeOf<Promise<void>>();
expectTypeOf(worker.stop()).toEqualTypeOf<Promise<void>>();
expectTypeOf(bus.client.close()).toEqualTypeOf<Promise<void>>();
