import type { OptionTable } from './option.js';

/** Certificates for a TLS connection; without any, the machine's own authorities are trusted. */
export interface TlsOptions {
  /** File with the certificates of the authorities to trust, PEM. */
  caFile?: string | null | undefined;
  /** File with this client's certificate, PEM. */
  certFile?: string | null | undefined;
  /** File with this client's private key, PEM. */
  keyFile?: string | null | undefined;
  /** Whether TLS begins before the server's greeting (`handshake_first` on the server). */
  handshakeFirst?: boolean | undefined;
}

/** How to reach NATS, and as whom: by credentials, by NKey, by user and password, by token, or as nobody. */
export interface NatsOptions {
  /** Address or addresses of one cluster, e.g. `'nats://127.0.0.1:4222'`; `tls://` demands TLS. */
  servers?: string | readonly string[] | undefined;
  /** File with a user's JWT and seed, as `nsc` writes it, or its text. A file is read anew for each connection. */
  credentials?: string | null | undefined;
  /** Seed of a user's NKey (`SU…`), or a file that holds it. A file is read anew for each connection. */
  nkey?: string | null | undefined;
  /** User name. */
  user?: string | null | undefined;
  /** The user's password. */
  password?: string | null | undefined;
  /** Token, for servers that ask for one. */
  token?: string | null | undefined;
  /** Certificates; an empty group demands nothing, `tls://` in `servers` does. */
  tls?: TlsOptions | null | undefined;
  /** JetStream domain, e.g. of a leaf node. */
  domain?: string | null | undefined;
  /** Prefix of the JetStream API where it was imported from another account, e.g. `JS.hub.API`. */
  apiPrefix?: string | null | undefined;
  /** Prefix of the inboxes for replies, where rights are given by it. */
  inboxPrefix?: string | null | undefined;
}

const TLS_OPTIONS: OptionTable<TlsOptions> = {
  caFile: { type: 'path', default: null, doc: 'File with the certificates of the authorities to trust, PEM.' },
  certFile: { type: 'path', default: null, doc: "File with this client's certificate, PEM." },
  keyFile: { type: 'path', default: null, doc: "File with this client's private key, PEM." },
  handshakeFirst: {
    type: 'boolean',
    default: false,
    doc: "Whether TLS begins before the server's greeting (`handshake_first` on the server).",
  },
};

// These become part of subjects, which the client does not check: a space or line break would be a command of its own.
const SUBJECT = {
  type: 'string',
  pattern: /^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/,
  allowed: 'letters, digits and _ $ - in tokens separated by single dots',
} as const;

export const NATS_OPTIONS: OptionTable<NatsOptions> = {
  servers: {
    type: 'strings',
    default: 'nats://127.0.0.1:4222',
    doc: "Address or addresses of one cluster, e.g. `'nats://127.0.0.1:4222'`; `tls://` demands TLS.",
  },
  credentials: {
    type: 'path',
    orText: true,
    default: null,
    doc: "File with a user's JWT and seed, as `nsc` writes it, or its text. A file is read anew for each connection.",
  },
  nkey: {
    type: 'path',
    orText: true,
    default: null,
    doc: "Seed of a user's NKey (`SU…`), or a file that holds it. A file is read anew for each connection.",
  },
  user: { type: 'string', default: null, secret: true, doc: 'User name.' },
  password: { type: 'string', default: null, secret: true, doc: "The user's password." },
  token: { type: 'string', default: null, secret: true, doc: 'Token, for servers that ask for one.' },
  tls: {
    type: 'group',
    default: null,
    options: TLS_OPTIONS,
    doc: 'Certificates; an empty group demands nothing, `tls://` in `servers` does.',
  },
  domain: {
    type: 'string',
    default: null,
    pattern: /^[A-Za-z0-9_-]+$/,
    allowed: 'letters, digits, _ and -',
    doc: 'JetStream domain, e.g. of a leaf node.',
  },
  apiPrefix: {
    ...SUBJECT,
    default: null,
    doc: 'Prefix of the JetStream API where it was imported from another account, e.g. `JS.hub.API`.',
  },
  inboxPrefix: {
    ...SUBJECT,
    default: null,
    doc: 'Prefix of the inboxes for replies, where rights are given by it.',
  },
};
