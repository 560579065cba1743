import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, credsAuthenticator } from 'nats';
import type { ResolvedNatsOptions } from '../../config/config.js';
import { InvalidConfiguration } from '../../errors.js';
import { reconnectDelay } from './reconnect-delay.js';

/** What the client is told, from what we were told. Reads the credentials anew each time: they may have been rotated. */
export async function clientOptions(nats: ResolvedNatsOptions, name: string): Promise<ConnectionOptions> {
  return {
    servers: [...nats.servers],
    name,
    ...(nats.user === undefined ? {} : { user: nats.user }),
    ...(nats.password === undefined ? {} : { pass: nats.password }),
    ...(nats.token === undefined ? {} : { token: nats.token }),
    ...(nats.credentials ? { authenticator: credsAuthenticator(await readCredentials(nats.credentials)) } : {}),
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

/** Whether the server knows us and will not have us, so that trying again is of no use. */
export function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    code === 'AUTHORIZATION_VIOLATION' ||
    code === 'BAD_AUTHENTICATION' ||
    code === 'AUTHENTICATION_EXPIRED' ||
    error instanceof InvalidConfiguration
  );
}

async function readCredentials(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new InvalidConfiguration(`nats.credentials: cannot read ${path} (${(cause as Error).message})`, { cause });
  }
}
