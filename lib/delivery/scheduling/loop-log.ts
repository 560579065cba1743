import type { Logger } from '../../logger.js';
import type { PendingDelivery } from './pending-delivery.js';

/** What a listener's loop tells the operator. */
export class LoopLog {
  readonly #listener: string;
  readonly #logger: Logger;
  #saidThatSuspectWaits = false;

  constructor(listener: string, logger: Logger) {
    this.#listener = listener;
    this.#logger = logger;
  }

  libraryFailed({ delivery }: PendingDelivery, error: unknown): void {
    const text = 'This library failed while it settled a delivery; the event comes again. Please report this';
    try {
      this.#logger.error({ listener: this.#listener, sequence: delivery.sequence, err: error }, text);
    } catch {
      // A logger may be what failed.
    }
  }

  leaseLost({ delivery }: PendingDelivery): void {
    this.#logger.warn(
      { listener: this.#listener, sequence: delivery.sequence, reason: 'lease_lost' },
      'The lease of a waiting delivery was lost; dropped it without running it, it comes again',
    );
  }

  pullsNotEnded(error: unknown): void {
    this.#logger.error({ listener: this.#listener, err: error }, 'The pulls of a listener could not be ended');
  }

  /** Once for each listener. */
  suspectWaits(running: number): void {
    if (this.#saidThatSuspectWaits) return;
    this.#saidThatSuspectWaits = true;
    this.#logger.warn(
      { listener: this.#listener, running },
      'An event has come more often than it may fail, so it may be what ends processes of this service; ' +
        'it waits until it can run by itself, and nothing more is asked for meanwhile',
    );
  }
}
