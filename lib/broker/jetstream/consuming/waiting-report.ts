import type { Logger } from '../../../logger.js';
import type { DurableSpec } from '../../broker.js';

const REPORT_EVERY_MS = 30_000;

/** Logs what a source waits for: at once, when it changes, and every half minute. */
export class WaitingReport {
  readonly #durable: DurableSpec;
  readonly #logger: Logger;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #reported = '';

  constructor(durable: DurableSpec, logger: Logger) {
    this.#durable = durable;
    this.#logger = logger;
  }

  missing(what: 'no-stream' | 'no-durable'): void {
    const { name, stream, optional } = this.#durable;
    const byHand = (command: string) => `and manage is false; create it by hand ("${command}")`;
    if (what === 'no-durable' && stream.manage) {
      // The durable is made as soon as its stream exists.
      this.#write(
        'info',
        `The stream of ${stream.purpose} vanished before the durable ${name} was made; looking again`,
      );
    } else if (what === 'no-durable') {
      this.#write('error', `The durable ${name} of ${stream.purpose} is missing, ${byHand('nats consumer add')}`);
    } else if (stream.owned && !stream.manage) {
      this.#write(
        optional ? 'info' : 'error',
        `There is no stream for ${stream.purpose}, ${byHand('nats stream add')}`,
      );
    } else {
      this.#write(
        'info',
        `There is no stream for ${stream.purpose} yet; waiting until a service that owns it has started`,
      );
    }
  }

  failed(error: unknown): void {
    const { name, stream } = this.#durable;
    this.#write('error', `The durable ${name} of ${stream.purpose} cannot be used; trying again`, error);
  }

  /** The source waits for nothing; the next thing to wait for is logged at once. */
  clear(): void {
    this.#reportedAt = Number.NEGATIVE_INFINITY;
  }

  #write(level: 'info' | 'error', message: string, error?: unknown): void {
    const what = error instanceof Error ? `${message} ${error.message}` : message;
    if (what === this.#reported && performance.now() - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = performance.now();
    this.#reported = what;
    this.#logger[level]({ durable: this.#durable.name, ...(error === undefined ? {} : { err: error }) }, message);
  }
}
