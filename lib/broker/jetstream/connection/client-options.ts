import type { ConnectionOptions } from 'nats';
import type { ResolvedNatsOptions } from '../../../config/config.js';
import type { KeyLogin } from './login.js';
import { reconnectDelay } from './reconnect-delay.js';

/** What the client is told, from what we were told. */
export function clientOptions(nats: ResolvedNatsOptions, name: string, login: KeyLogin | undefined): ConnectionOptions {
  return {
    servers: [...nats.servers],
    name,
    ...(nats.user === undefined ? {} : { user: nats.user }),
    ...(nats.password === undefined ? {} : { pass: nats.password }),
    ...(nats.token === undefined ? {} : { token: nats.token }),
    ...(login === undefined ? {} : { authenticator: login.authenticator }),
    ...(nats.tls ? { tls: nats.tls } : {}),
    ...(nats.inboxPrefix ? { inboxPrefix: nats.inboxPrefix } : {}),
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectDelay(),
    timeout: 5000,
    pingInterval: 10_000,
    maxPingOut: 2,
    // Credentials are often rotated: a refusal after a good start may pass.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  };
}
