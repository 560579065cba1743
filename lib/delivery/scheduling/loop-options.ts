import type { Logger } from '../../logger.js';
import type { BatchLimits } from './gathering.js';
import type { PendingDelivery } from './pending-delivery.js';
import type { Suspicion } from './suspicion.js';

/** Runs what the loop hands it, and tells each delivery by its `end` what came of it. */
export interface Runner {
  start(held: PendingDelivery): void;
  /** For a loop that was given `batches`. */
  startBatch?(batch: readonly PendingDelivery[]): void;
  /** The key that orders this delivery; undefined if it cannot be told. */
  keyOf?(held: PendingDelivery): string | undefined;
}

/** What one listener's loop is made of. */
export interface LoopOptions {
  name: string;
  concurrency: number;
  inLanes: boolean;
  batches?: BatchLimits | undefined;
  /** Whether a delivery came so often that it may kill its process: it runs by itself. */
  suspicionOf: (held: PendingDelivery) => Suspicion;
  logger: Logger;
  runner: Runner;
  /** A failure that stops the worker. */
  failed: (error: unknown) => void;
}
