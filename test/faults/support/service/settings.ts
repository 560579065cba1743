import type { ConfigInput, ListenOptions } from 'lightbus-jetstream';

/** A listener of the service under test; `events` of the API `jobs`, or `'all'` for the whole API. */
export type ListenerSettings = ListenOptions & {
  readonly events: readonly ('added' | 'removed')[] | 'all';
  /** As `orderBy: ({ n }) => n % orderByN`; functions do not fit into an environment. */
  readonly orderByN?: number;
  /** Takes the first of `events` by the batch of so many. */
  readonly batchOf?: number;
};

/** What one process of the service under test is to be; handed over as JSON. */
export interface WorkerSettings {
  readonly serviceName: string;
  readonly processName: string;
  /** `new`: a later version of the API, whose events have one parameter more. */
  readonly api?: 'new' | undefined;
  /** Whether it owns the API `jobs`, and thereby makes its stream. */
  readonly owner: boolean;
  readonly listeners: readonly ListenerSettings[];
  readonly config: ConfigInput;
  /** Folder of the ledger. */
  readonly ledger: string;
  /** `start`: the process kills itself before it pulls. */
  readonly dieAt?: 'start' | undefined;
}
