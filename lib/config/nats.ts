import { InvalidConfiguration } from '../errors.js';
import { quote, withoutPassword } from '../secret-text.js';
import type { ResolvedNatsOptions } from './config.js';
import type { Layer } from './layers.js';
import { resolveOptions } from './layers.js';
import { NATS_OPTIONS } from './nats-options.js';

/**
 * The NATS options of all sources as one. User and password in an address become the authentication, so that what is
 * left of the address can be logged.
 *
 * @throws InvalidConfiguration for what is not an address, and for options that exclude each other
 */
export function resolveNats(layers: readonly Layer[]): ResolvedNatsOptions {
  const options = resolveOptions(NATS_OPTIONS, layers);
  const addresses = [options.servers as string | readonly string[]].flat().flatMap(splitAtCommas);
  const servers = addresses.map((address) => address.trim()).filter((address) => address !== '');
  const { domain, apiPrefix, inboxPrefix, tls } = options;
  if (apiPrefix !== null && domain !== null) {
    throw new InvalidConfiguration('nats.domain and nats.apiPrefix exclude each other; give one of them');
  }
  const parsed = servers.map(parseServer);
  return {
    servers: parsed.map(({ server }) => server),
    ...(loginOf(layers) ?? parsed.find(({ login }) => login !== undefined)?.login),
    ...given({ tls: resolveTls(tls, servers), domain, apiPrefix, inboxPrefix }),
  };
}

// A comma may also stand in a password, of which no part must be taken for an address that can be shown.
function splitAtCommas(text: string): string[] {
  return text.split(text.includes('@') ? /,(?=\s*[a-z]+:\/\/)/i : ',');
}

// An empty group makes the client refuse a server without TLS. The scheme alone does not: it would go on in the clear.
function resolveTls(tls: unknown, servers: readonly string[]): object | null {
  if (tls !== null) {
    const { certFile, keyFile } = tls as { certFile: string | null; keyFile: string | null };
    if ((certFile === null) !== (keyFile === null)) {
      const [given, missing] = keyFile === null ? ['certFile', 'keyFile'] : ['keyFile', 'certFile'];
      throw new InvalidConfiguration(
        `nats.tls.${given} is given without nats.tls.${missing}; give both, even if one file holds certificate and key`,
      );
    }
    return given(tls as object);
  }
  return servers.some((server) => /^tls:/i.test(server)) ? {} : null;
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined));
}

type Login = Pick<ResolvedNatsOptions, 'credentials' | 'nkey' | 'user' | 'password' | 'token'>;

function parseServer(address: string): { server: string; login: Login | undefined } {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase() ?? 'nats';
  let url: URL | undefined;
  try {
    // As http, because only known schemes have their host and port checked.
    if (scheme === 'nats' || scheme === 'tls') url = new URL(address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?/i, 'http://'));
  } catch {
    // Told below: the error of URL holds the password.
  }
  if (url === undefined || url.hostname === '' || /\s/.test(address) || !/^\/?$/.test(url.pathname)) {
    throw new InvalidConfiguration(
      `nats.servers: ${quote(withoutPassword(address))} is not an address; ${remedyFor(scheme)}`,
    );
  }
  // The port 80 is http's default, which URL leaves out.
  const port = url.port !== '' ? url.port : /:80\/?$/.test(address) ? '80' : '4222';
  const user = decode(url.username);
  const login = url.password === '' ? { token: user } : { user, password: decode(url.password) };
  return { server: `${scheme}://${url.hostname}:${port}`, login: user === '' ? undefined : login };
}

function remedyFor(scheme: string): string {
  if (scheme === 'ws' || scheme === 'wss') {
    return "WebSocket is for browsers; write nats://host:port or tls://host:port with the port of the server's own protocol (4222, not that of its websocket block)";
  }
  return 'write nats://host:port or tls://host:port (and %-encode what is not plain in a password)';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Who to connect as: all from the highest source that says anything about it. */
function loginOf(layers: readonly Layer[]): Login | undefined {
  const keys = ['credentials', 'nkey', 'user', 'password', 'token'] as const;
  const layer = layers.find((each) => keys.some((key) => each?.[key] !== undefined));
  if (layer === undefined) return undefined;
  const login: Login = given(Object.fromEntries(keys.map((key) => [key, layer?.[key]])));
  if (login.password !== undefined && login.user === undefined) {
    throw new InvalidConfiguration('nats.password is given without nats.user; add nats.user');
  }
  if ([login.credentials, login.nkey, login.user, login.token].filter((each) => each !== undefined).length > 1) {
    throw new InvalidConfiguration(
      'nats.credentials, nats.nkey, nats.user and nats.token exclude each other; give one of them',
    );
  }
  return login;
}
