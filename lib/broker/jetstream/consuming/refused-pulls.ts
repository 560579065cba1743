import type { Logger } from '../../../logger.js';
import type { DurableSpec } from '../../broker.js';
import type { PullLimits } from './pulls.js';

const TOLD_AGAIN_MS = 3_600_000;

/** Handles refused pulls: adapts to the durable's limits, or reports the refusal once. */
export class RefusedPulls {
  readonly #durable: DurableSpec;
  readonly #logger: Logger;
  #refusal: { readonly reason: string; readonly limits: PullLimits } | undefined;
  #told: { readonly reason: string; readonly at: number } | undefined;

  constructor(durable: DurableSpec, logger: Logger) {
    this.#durable = durable;
    this.#logger = logger;
  }

  /** @param limits the limits that the refused pull kept */
  refused(reason: string, limits: PullLimits): void {
    this.#refusal = { reason, limits };
  }

  /** Called after a look at the durable: if it allows less than was known, the next pulls keep to that, and nothing is wrong. */
  looked({ maxBatch, maxExpires }: PullLimits): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal === undefined) return;
    if (maxBatch < refusal.limits.maxBatch || maxExpires < refusal.limits.maxExpires) return;
    this.#tell(refusal.reason);
  }

  /** Pulls are accepted again, or the reason is reported: the next refusal is a new one. */
  clear(): void {
    this.#refusal = undefined;
    this.#told = undefined;
  }

  #tell(reason: string): void {
    const now = performance.now();
    if (this.#told?.reason === reason && now - this.#told.at < TOLD_AGAIN_MS) return;
    this.#told = { reason, at: now };
    const { name, stream } = this.#durable;
    this.#logger.error(
      { durable: name, reason },
      `The server refuses the pulls of durable ${name} of ${stream.purpose}: ${reason}; ` +
        'set back what was changed of the durable ("nats consumer info" shows it); trying again',
    );
  }
}
