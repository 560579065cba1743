// A service that only listens. It is this one that the quickstart kills and starts again.
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from 'lightbus-jetstream';
// Types alone: the two services share no code at run time.
import type { AuthApi } from '../auth-service/bus.js';
import { record } from '../ledger.js';

export const bus = create<typeof AuthApi>({
  serviceName: 'mail-service',
  // How soon another process gets what a killed one was working on. The default is a minute.
  config: { apis: { auth: { acknowledgementTimeout: '2s' } } },
});

bus.client.onStart(() => {
  bus.auth.user_created.listen(
    async ({ email }, event) => {
      await sendMail();
      record('send_welcome', event, email);
    },
    { listenerName: 'send_welcome', since: 'beginning' },
  );
  bus.auth.user_updated.listen(
    async ({ new_email, is_admin }, event) => {
      await sendMail();
      record('confirm_address', event, `${new_email}${is_admin ? ' (admin)' : ''}`);
    },
    { listenerName: 'confirm_address', since: 'beginning' },
  );
});

// Stands for a mail server that takes its time.
function sendMail(): Promise<void> {
  return sleep(50);
}
