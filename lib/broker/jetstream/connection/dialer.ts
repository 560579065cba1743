import { connect, type NatsConnection } from 'nats';
import type { ResolvedNatsOptions } from '../../../config/config.js';
import { InvalidConfiguration } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import { clientOptions } from './client-options.js';
import { type KeyLogin, keyLogin } from './login.js';
import { explainProblem, isRefusal } from './problem.js';
import { Sockets } from './sockets.js';
import { checkTlsFiles } from './tls-files.js';

export interface DialOptions {
  readonly nats: ResolvedNatsOptions;
  readonly name: string;
  readonly logger: Logger;
}

/** Connects. For each failure it knows whether it may be temporary, and what to do about it. */
export class Dialer {
  readonly #options: DialOptions;
  /** Undefined until it was read; null if we do not log in by keys. */
  #login: KeyLogin | null | undefined;
  /** All sockets that the client has opened, those of failed attempts too. */
  readonly sockets = new Sockets();

  constructor(options: DialOptions) {
    this.#options = options;
  }

  /** One attempt. @throws InvalidConfiguration for a file that cannot be used; what the client throws */
  async dial(): Promise<NatsConnection> {
    const { nats, name } = this.#options;
    const options = clientOptions(nats, name, this.#readLogin());
    return this.sockets.collect(() => connect(options));
  }

  /** Whether a later attempt may succeed although nothing changes here. */
  mayPass(error: unknown): boolean {
    if (error instanceof InvalidConfiguration) return false;
    // An expired JWT is renewed in its file.
    return !isRefusal(error) || (this.#login?.isFile === true && this.#login.expired());
  }

  /** Why there is no connection, and what to do about it. */
  explain(error: unknown): string | undefined {
    return explainProblem(error, this.#options.nats, this.#login ?? undefined);
  }

  /** The error to throw for a failure that is not temporary. */
  refusal(cause: unknown): InvalidConfiguration {
    if (cause instanceof InvalidConfiguration) return cause;
    const given = this.#login?.source ?? 'nats.credentials, or user and password, or the token';
    const servers = this.#options.nats.servers.join(', ');
    return new InvalidConfiguration(
      `${servers} refused the credentials (${(cause as Error).message}); check ${given}`,
      { cause },
    );
  }

  /** Only once: later, the old login is better than none, and the client reads the TLS files itself. */
  #readLogin(): KeyLogin | undefined {
    const { nats, logger } = this.#options;
    if (this.#login === undefined) {
      if (nats.tls) checkTlsFiles(nats.tls);
      const failed = (error: InvalidConfiguration) =>
        logger.warn({ err: error }, 'The login could not be read again; going on with what was read before');
      this.#login = keyLogin(nats, failed) ?? null;
    }
    return this.#login ?? undefined;
  }
}
