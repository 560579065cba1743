// The service that owns the API `auth`: it says which events there are, and fires them.
import { Api, create, Event, Parameter } from 'lightbus-jetstream';
import { Type } from 'typebox';
import { record } from '../ledger.js';

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

export const bus = create({ serviceName: 'auth-service', apis: [AuthApi] });

// Once the worker starts. Importing this module alone connects to nothing and fires nothing.
bus.client.onStart(async () => {
  // A service may listen to its own events: work that need not delay the answer to the user.
  bus.auth.user_deleted.listen(({ username }, event) => record('revoke_sessions', event, username), {
    listenerName: 'revoke_sessions',
    since: 'beginning',
  });

  await liveOneLife('adam');
  for (let number = 1; number <= 17; number++) await liveOneLife(`user${number}`);
});

async function liveOneLife(username: string): Promise<void> {
  // Each `fire` resolves when JetStream has stored the event: from here on nobody who listens can miss it.
  record('fired', await bus.auth.user_created.fire({ username, email: `${username}@example.com` }), username);
  record('fired', await bus.auth.user_updated.fire({ username, new_email: `${username}@example.org` }), username);
  record('fired', await bus.auth.user_deleted.fire({ username }), username);
}
