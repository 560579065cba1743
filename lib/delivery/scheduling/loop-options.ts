import type { Clock } from '../../clock.js';
import type { Logger } from '../../logger.js';
import type { BatchLimits } from './batch-buffer.js';
import type { PendingDelivery } from './pending-delivery.js';
import type { Suspicion } from './suspicion.js';

/** Runs deliveries, and reports the result of each by its `end`. */
export interface Runner {
  start(held: PendingDelivery): void;
  /** For a loop that was given `batches`. */
  startBatch?(batch: readonly PendingDelivery[]): void;
  /** The key that orders this delivery; undefined if there is none, or if it cannot be read. */
  keyOf?(held: PendingDelivery): string | undefined;
}

/** The parts of one listener's loop. */
export interface LoopOptions {
  clock: Clock;
  name: string;
  concurrency: number;
  byKey: boolean;
  batches?: BatchLimits | undefined;
  /** Whether a delivery came so often that it may have ended its process; a suspect runs alone. */
  suspicionOf: (held: PendingDelivery) => Suspicion;
  logger: Logger;
  runner: Runner;
  /** A failure that stops the worker. */
  failed: (error: unknown) => void;
}
