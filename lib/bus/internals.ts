import type { Config } from '../config/config.js';
import type { ConfigFlags } from '../config/resolve.js';
import type { ApiDefinition } from '../definition/api.js';
import type { Logger } from '../logger.js';

/** What the command line needs of a bus and users do not: `bus.client['~lightbus']`. */
export interface BusInternals {
  /** The APIs that this bus owns. */
  readonly apis: readonly ApiDefinition[];
  readonly logger: Logger;
  /** Gives the bus the highest precedence there is; before it connects. */
  configure(flags: ConfigFlags): void;
  /** Listens only to these events (`auth.user_created`), and to all if this is never called. */
  listenTo(events: readonly string[]): void;
  /** Who listens to what, once a worker has started. */
  listeners(): readonly ListenerSummary[];
  config(): Promise<Config>;
  /** Looks at once at what else is looked at every half minute: how far durables are, and what they and their streams have become. */
  lookAgain(): Promise<void>;
}

export interface ListenerSummary {
  readonly listenerName: string;
  readonly apiNames: readonly string[];
  readonly events: readonly string[];
  readonly durables: readonly string[];
}
