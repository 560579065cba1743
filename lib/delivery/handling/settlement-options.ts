import type { Clock } from '../../clock.js';
import type { ErrorDescription, Logger } from '../../logger.js';
import type { ReceivedEvent } from '../../message/message.js';
import type { FailurePolicy } from '../failure-policy.js';
import type { OnError } from '../options.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';
import type { Lookup } from './decode.js';

/** Why an event was given up, and after how many attempts. */
export interface FailureReport {
  readonly error: ErrorDescription;
  readonly attempts: number;
  readonly firstAt: Date;
}

/** What the settlement of one listener's deliveries needs. */
export interface SettlementOptions {
  readonly clock: Clock;
  readonly name: string;
  readonly logger: Logger;
  /** Returns whether entries of level `debug` are written. */
  readonly debugs?: (() => boolean) | undefined;
  readonly lookup: Lookup;
  readonly onError: OnError | ((error: unknown, event: ReceivedEvent) => OnError | Promise<OnError>);
  readonly policy: FailurePolicy;
  /** Milliseconds that each hook and `onError` may take; undefined: no limit for hooks. */
  readonly hookTimeout?: number | undefined;
  /** Runs the hooks; undefined if there are none, which is faster. */
  readonly after: (event: ReceivedEvent) => Promise<void> | undefined;
  /** Resolves when the event is stored as a dead letter. */
  readonly giveUp: (held: PendingDelivery, verdict: FailureReport) => Promise<void>;
}
