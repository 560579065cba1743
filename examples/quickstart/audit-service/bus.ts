// A service with one listener for several events: `event.eventName` tells them apart, in types too.
import { create } from 'lightbus-jetstream';
import type { AuthApi } from '../auth-service/bus.js';
import { record } from '../ledger.js';

export const bus = create<typeof AuthApi>({ serviceName: 'audit-service' });

bus.client.onStart(() => {
  bus.client.listenForEvents(
    [bus.auth.user_created, bus.auth.user_updated, bus.auth.user_deleted],
    (_parameters, event) => {
      if (event.eventName === 'user_updated') record('audit', event, `now ${event.parameters.new_email}`);
      else record('audit', event, event.parameters.username);
    },
    { listenerName: 'audit', since: 'beginning' },
  );
});
