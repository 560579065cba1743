/** What a stage means. */
interface StageRules {
  /** For people, in ARCHITECTURE.md. */
  readonly means: string;
  /** Whether it takes one of the `concurrency` slots. A stop waits for it, and its lease is renewed even after it was lost. */
  readonly runs: boolean;
  /**
   * Whether it is returned after a third of its lease, so that another process can take it; `when-stuck`: only while another
   * delivery has run that long. Otherwise its lease is renewed.
   */
  readonly shared: 'always' | 'when-stuck' | 'never';
  readonly next: readonly Stage[];
}

/** Where a delivery is between its arrival and its end. */
export type Stage = 'ready' | 'blocked' | 'quarantined' | 'gathering' | 'running' | 'settling' | 'retrying' | 'ended';

export const FIRST_STAGE: Stage = 'ready';

export const STAGES: Readonly<Record<Stage, StageRules>> = {
  ready: {
    means: 'waits for a free slot',
    runs: false,
    shared: 'always',
    next: ['blocked', 'quarantined', 'gathering', 'running', 'ended'],
  },
  blocked: {
    means: 'waits behind another delivery of its key (`orderBy`); shared if that one is',
    runs: false,
    shared: 'never',
    next: ['ready', 'ended'],
  },
  quarantined: {
    means: 'may have ended its process: waits until nothing else runs',
    runs: false,
    shared: 'when-stuck',
    next: ['running', 'ended'],
  },
  gathering: {
    means: 'is in a batch that is being filled',
    runs: false,
    shared: 'never',
    next: ['running', 'ended'],
  },
  running: {
    means: 'is in its handler',
    runs: true,
    shared: 'never',
    next: ['settling', 'retrying', 'ended'],
  },
  settling: {
    means: 'is being stored as a dead letter',
    runs: true,
    shared: 'never',
    next: ['ended'],
  },
  retrying: {
    means: 'waits for another run in this process, and holds back its key',
    runs: false,
    shared: 'never',
    next: ['ready', 'ended'],
  },
  ended: {
    means: 'is settled, given back, or dropped because its lease was lost',
    runs: false,
    shared: 'never',
    next: [],
  },
};
