import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Authenticator, jwtAuthenticator, nkeyAuthenticator, nkeys } from 'nats';
import type { ResolvedNatsOptions } from '../../../config/config.js';
import { InvalidConfiguration } from '../../../errors.js';
import { looksSecret, plain } from '../../../secret-text.js';

/** A key pair to log in with. */
interface Keys {
  readonly seed: Uint8Array;
  readonly jwt?: string;
  /** When the JWT is no longer valid, in milliseconds since 1970. */
  readonly expires?: number;
}

/** A login by keys. */
export interface KeyLogin {
  readonly authenticator: Authenticator;
  /** The option that it comes from, and the file if there is one; safe for logs. */
  readonly source: string;
  readonly isFile: boolean;
  /** Whether its JWT has expired. */
  expired(): boolean;
}

/**
 * The login by `nats.credentials` or `nats.nkey`; undefined without either. A file is read for each connection, because keys
 * are rotated.
 *
 * @param failed called when a file that was good can no longer be used; its last good content stays in use
 * @throws InvalidConfiguration if there is no such file, or if the file or the text has no valid keys
 */
export function keyLogin(
  nats: ResolvedNatsOptions,
  failed: (error: InvalidConfiguration) => void,
): KeyLogin | undefined {
  if (nats.credentials !== undefined) {
    return createLogin(
      'nats.credentials',
      nats.credentials,
      parseCredentials,
      failed,
      ({ jwt = '', seed }) =>
        (nonce) =>
          jwtAuthenticator(jwt, seed)(nonce),
    );
  }
  if (nats.nkey !== undefined) {
    return createLogin('nats.nkey', nats.nkey, parseSeed, failed, ({ seed }) => nkeyAuthenticator(seed));
  }
  return undefined;
}

function createLogin(
  option: string,
  given: string,
  parse: (text: string, where: string) => Keys,
  failed: (error: InvalidConfiguration) => void,
  authenticate: (keys: Keys) => Authenticator,
): KeyLogin {
  const isFile = !looksSecret(given);
  // Resolved now, because it is read again later, perhaps from another working directory.
  const path = resolve(given);
  const source = isFile ? `${option} (${plain(path)})` : `${option} (given as text)`;
  const read = () => parse(isFile ? readText(option, path) : given, source);
  let keys = read();
  let readable = true;
  return {
    source,
    isFile,
    expired: () => keys.expires !== undefined && keys.expires <= Date.now(),
    authenticator: (nonce) => {
      try {
        keys = read();
        readable = true;
      } catch (error) {
        // If this threw, the client would give up forever. A file that is being replaced may be incomplete.
        if (readable) failed(error as InvalidConfiguration);
        readable = false;
      }
      return authenticate(keys)(nonce);
    },
  };
}

function readText(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InvalidConfiguration(
      `${option}: cannot read ${plain(path)} (${code}); give the path of a file that is there`,
    );
  }
}

const BLOCK = /-{3,}\s*BEGIN ([A-Z ]+?)\s*-{3,}\s*([\w.=+/-]+?)\s*-{3,}\s*END/g;

function parseCredentials(text: string, where: string): Keys {
  const blocks = new Map([...text.matchAll(BLOCK)].map(([, name = '', content = '']) => [name, content]));
  const jwt = blocks.get('NATS USER JWT');
  const seed = blocks.get('USER NKEY SEED');
  if (jwt === undefined || seed === undefined) {
    const missing = jwt === undefined ? 'NATS USER JWT' : 'USER NKEY SEED';
    throw new InvalidConfiguration(`${where} holds no block "${missing}"; give a .creds file as nsc writes it`);
  }
  const claims = readClaims(jwt);
  if (claims === undefined) throw new InvalidConfiguration(`${where}: its JWT is damaged; make the file anew with nsc`);
  const { publicKey, bytes } = readSeed(seed, where);
  if (claims.sub !== publicKey) {
    throw new InvalidConfiguration(
      `${where}: its seed is not that of the user of its JWT; make the file anew with nsc`,
    );
  }
  return { jwt, seed: bytes, ...(typeof claims.exp === 'number' ? { expires: claims.exp * 1000 } : {}) };
}

function readClaims(jwt: string): { sub?: unknown; exp?: unknown } | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

function parseSeed(text: string, where: string): Keys {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const seed = lines.find((line) => line.startsWith('S')) ?? text.trim();
  return { seed: readSeed(seed, where).bytes };
}

function readSeed(seed: string, where: string): { bytes: Uint8Array; publicKey: string } {
  const bytes = Buffer.from(seed);
  try {
    const publicKey = nkeys.fromSeed(bytes).getPublicKey();
    if (publicKey.startsWith('U')) return { bytes, publicKey };
  } catch {
    // Reported below; the client's error says no more.
  }
  throw new InvalidConfiguration(
    `${where}: its seed is damaged, or not that of a user; it has 58 characters and begins with SU, as "nk -gen user" writes it`,
  );
}
