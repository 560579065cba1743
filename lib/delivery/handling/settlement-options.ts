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

/** What settles one listener's deliveries. */
export interface SettlementOptions {
  readonly name: string;
  readonly logger: Logger;
  /** Whether entries of level `debug` are written. */
  readonly debugs?: (() => boolean) | undefined;
  readonly lookup: Lookup;
  readonly onError: OnError | ((error: unknown, event: ReceivedEvent) => OnError | Promise<OnError>);
  readonly policy: FailurePolicy;
  /** Milliseconds that each hook of an event may take, and `onError`; undefined: no limit for hooks. */
  readonly hookTimeout?: number | undefined;
  /** Undefined while nobody hooks in, which is faster. */
  readonly after: (event: ReceivedEvent) => Promise<void> | undefined;
  /** Resolves when the event is stored as a dead letter. */
  readonly giveUp: (held: PendingDelivery, verdict: FailureReport) => Promise<void>;
}
