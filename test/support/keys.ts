import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

// What `nsc` and `nk` make, by Node alone.

const PREFIX = { operator: 14 << 3, account: 0, user: 20 << 3 } as const;
const SEED = 18 << 3;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A pair of keys as NATS writes them. */
export interface Nkey {
  readonly publicKey: string;
  readonly seed: string;
  readonly key: KeyObject;
}

export function createNkey(kind: keyof typeof PREFIX): Nkey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const prefix = PREFIX[kind];
  return {
    publicKey: encode(Buffer.concat([Buffer.from([prefix]), point])),
    seed: encode(Buffer.concat([Buffer.from([SEED | (prefix >> 5), (prefix & 31) << 3]), raw])),
    key: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}

/** A JWT about `subject`, signed by `issuer`. */
export function createJwt(issuer: Nkey, subject: Nkey, nats: object, claims: object = {}): string {
  const content = { jti: randomUUID(), iat: Math.floor(Date.now() / 1000), iss: issuer.publicKey, name: 'test' };
  const text = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { ...content, sub: subject.publicKey, nats: { version: 2, ...nats }, ...claims },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign(null, Buffer.from(text), issuer.key).toString('base64url')}`;
}

/** A `.creds` file. */
export function credentialsText(jwt: string, { seed }: Nkey): string {
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
}

/** An operator with one account that has JetStream, as the configuration of a server; and credentials of its users. */
export function createOperator() {
  const [operator, system, account] = [createNkey('operator'), createNkey('account'), createNkey('account')];
  const none = -1;
  const limits = { subs: none, data: none, payload: none, imports: none, exports: none, wildcards: true, conn: none };
  const jetStream = { mem_storage: none, disk_storage: none, streams: none, consumer: none };
  const accountJwt = (which: Nkey, more: object) =>
    createJwt(operator, which, { type: 'account', limits: { ...limits, leaf: none, ...more } });
  const operatorJwt = createJwt(operator, operator, { type: 'operator', system_account: system.publicKey });
  return {
    config: `operator: ${operatorJwt}
system_account: ${system.publicKey}
resolver: MEMORY
resolver_preload: {
  ${system.publicKey}: ${accountJwt(system, {})}
  ${account.publicKey}: ${accountJwt(account, jetStream)}
}`,
    /** @param claims e.g. `{ exp }`, in seconds since 1970 */
    credentials(claims: object = {}, user = createNkey('user')): string {
      const jwt = createJwt(account, user, { type: 'user', subs: none, data: none, payload: none }, claims);
      return credentialsText(jwt, user);
    },
  };
}

/** As `nk` and `nsc` write keys: base 32 of bytes and their CRC-16. */
function encode(bytes: Buffer): string {
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc16(bytes));
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of Buffer.concat([bytes, checksum])) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}

function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
