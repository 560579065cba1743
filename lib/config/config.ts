import type { LogLevel } from '../logger.js';

/** The configuration as the bus uses it: every source merged, every default filled in, durations in milliseconds. */
export interface Config {
  readonly serviceName: string;
  readonly processName: string;
  readonly prefix: string;
  readonly logLevel: LogLevel;
  readonly shutdownTimeout: number;
  readonly nats: ResolvedNatsOptions;
  /** What holds for one API, whether it has options of its own or not. */
  api(apiName: string): ApiConfig;
  /** The streams of dead letters and of replays, as they are to be made. */
  readonly deadLetters: { readonly stream: StreamConfig };
  readonly replays: { readonly stream: StreamConfig };
  /** What to log once the logger is there: sources that disagree. */
  readonly warnings: readonly string[];
}

export interface ApiConfig {
  readonly manage: boolean;
  readonly validate: { readonly incoming: boolean; readonly outgoing: boolean };
  readonly strictValidation: boolean;
  readonly eventFireTimeout: number;
  readonly acknowledgementTimeout: number;
  readonly stream: StreamConfig;
}

export interface StreamConfig {
  readonly storage: 'file' | 'memory';
  readonly replicas: number | 'auto';
  readonly maxAge: number | null;
  readonly maxLength: number | null;
  readonly maxBytes: number | null;
  /** Never longer than `maxAge`. */
  readonly duplicateWindow: number;
  readonly appendOnly: boolean;
  readonly placement: { readonly cluster?: string; readonly tags?: readonly string[] } | null;
}

/** What is absent was not given. Of credentials, nkey, user and token, at most one is there. */
export interface ResolvedNatsOptions {
  /** `scheme://host:port`, without user and password: these addresses may be logged as they are. */
  readonly servers: readonly string[];
  /** Path of a file; or its text, if `looksSecret` says so. */
  readonly credentials?: string;
  /** The same. */
  readonly nkey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly tls?: ResolvedTls;
  readonly domain?: string;
  readonly apiPrefix?: string;
  readonly inboxPrefix?: string;
}

export interface ResolvedTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly handshakeFirst?: boolean;
}
