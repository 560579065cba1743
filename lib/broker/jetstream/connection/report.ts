import type { Logger } from '../../../logger.js';

const REPORT_EVERY_MS = 5000;

/** Logs that there is no connection, at once and then every few seconds until there is one. */
export class ConnectionReport {
  readonly #logger: Logger;
  readonly #servers: string;
  readonly #reason: () => string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param reason returns the reason, as far as it is known */
  constructor(logger: Logger, servers: string, reason: () => string | undefined) {
    this.#logger = logger;
    this.#servers = servers;
    this.#reason = reason;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const since = performance.now();
    const write = () => {
      const seconds = Math.round((performance.now() - since) / 1000);
      this.#logger.warn(
        { servers: this.#servers, seconds, reason: this.#reason() },
        'No connection to NATS; waiting for one',
      );
    };
    write();
    this.#timer = setInterval(write, REPORT_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
