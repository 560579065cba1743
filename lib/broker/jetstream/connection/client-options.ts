import type { ConnectionOptions } from 'nats';
import type { ResolvedNatsOptions } from '../../../config/config.js';
import type { KeyLogin } from './login.js';
import { reconnectDelay } from './reconnect-delay.js';

/** The client's options, from ours. */
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
    // Credentials are rotated, so a refusal after a good start may be temporary.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  };
}
