import { appendFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect } from 'chai';
import type { ConsumerInfo } from 'nats';
import { type ConfigInput, create, type Duration, type ListenOptions } from '../../../lib/index.js';
import { type Account, accountFor, type Ledger, openLedger } from './ledger.js';
import { type DeadLetter, openServerState, type ServerState } from './server-state.js';
import { JobsApi } from './service/jobs.js';
import type { ListenerSettings, WorkerSettings } from './service/settings.js';
import { type RunningWorker, startWorker } from './worker.js';

/** An event to fire: what handling it does (actions.ts), and which of the API's events it is, `added` unless given. */
export interface Job {
  readonly does?: string;
  readonly event?: 'added' | 'removed';
  readonly id?: string;
}

export interface WorkerOptions {
  readonly serviceName?: string;
  /** @default one listener `work` for `added`, from the beginning */
  readonly listeners?: readonly ListenerSettings[];
  readonly owner?: boolean;
  readonly api?: WorkerSettings['api'];
  readonly config?: ConfigInput;
  /** @default the scene's */
  readonly url?: string;
  readonly dieAt?: WorkerSettings['dieAt'];
  /** Flags for Node itself. */
  readonly node?: string;
  /** False: do not wait until it listens. */
  readonly wait?: boolean;
}

/** One fault's stage: a ledger, a producer, workers, and what the server holds; on subjects and streams of its own. */
export interface Scene extends AsyncDisposable {
  readonly prefix: string;
  /** The name of the stream of the API `jobs`. */
  readonly stream: string;
  readonly ledger: Ledger;
  readonly server: ServerState;
  /** Starts a process; resolves when it listens. */
  worker(options?: WorkerOptions): Promise<RunningWorker>;
  /** Fires so many events, or these, stored in this order; numbered on from the last ones. Resolves when all are confirmed. */
  fire(jobs: number | readonly Job[], options?: { atOnce?: number; timeout?: Duration }): Promise<void>;
  /** Resolves when nothing is left to deliver or to acknowledge, for any listener of the service. */
  settled(serviceName?: string): Promise<void>;
  /** Resolves when this is true of a durable, by the server's word; the test's time-out is its limit. */
  durable(fact: (info: ConsumerInfo) => boolean, name?: string): Promise<void>;
  deadLetters(): Promise<DeadLetter[]>;
  /**
   * The ledger's last word: asserts that nothing was lost, that no event was in two hands at once, and that none was run
   * twice but those that the fault explains.
   */
  check(options?: CheckOptions): Promise<Account>;
}

export interface CheckOptions {
  readonly listener?: string;
  readonly events?: readonly string[] | 'all';
  /** Processes that were killed: what they had begun may be run again. */
  readonly killed?: readonly RunningWorker[];
  /** Which events may be lost, where the fault is that somebody removes them. @default none */
  readonly lost?: 'any' | readonly number[];
  /** Which events the fault may have run twice, beyond those that killed processes had begun. @default none */
  readonly twice?: 'any' | readonly number[];
  /** Which events two handlers may have had at once. @default none */
  readonly overlapping?: 'any' | readonly number[];
}

/** A listener with defaults as these tests need them: named `work`, for `added`, from the beginning, lease of 2 seconds. */
export function listener(options: Partial<ListenerSettings> & Partial<ListenOptions> = {}): ListenerSettings {
  return { listenerName: 'work', events: ['added'], since: 'beginning', acknowledgementTimeout: '2s', ...options };
}

let scenes = 0;

/**
 * @param nats the server, or a cluster's servers
 * @param options `login`: of producer, workers and the server's own word; a worker may have another by its `config`
 * @example await using scene = await openScene(nats);
 */
export async function openScene(
  nats: { readonly url: string | string[] },
  options: { producerUrl?: string; login?: { user: string; password: string }; config?: ConfigInput } = {},
): Promise<Scene> {
  const { login } = options;
  const prefix = options.config?.prefix ?? `t${process.pid}_${++scenes}`;
  const url = [nats.url].flat();
  const config: ConfigInput = { logLevel: 'info', prefix, nats: { ...login }, ...options.config };
  const ledger = await openLedger();
  const server = await openServerState({ servers: url, ...(login && { user: login.user, pass: login.password }) });
  const producer = create({
    serviceName: 'producer',
    apis: [JobsApi],
    config: { ...config, logLevel: 'silent' },
    nats: { servers: options.producerUrl ?? url, ...login },
  });
  const workers: RunningWorker[] = [];
  let fired = 0;

  async function fire(
    jobs: number | readonly Job[],
    { atOnce = 64, timeout = '120s' }: { atOnce?: number; timeout?: Duration } = {},
  ): Promise<void> {
    const queue = (typeof jobs === 'number' ? Array.from({ length: jobs }, (): Job => ({})) : jobs).map(
      (job) => [fired++, job] as const,
    );
    const send = async ([n, { does = '', event = 'added', id }]: readonly [number, Job]) => {
      const sent = await producer.jobs[event].fire({ n, does }, { id, timeout });
      ledger.fired({ id: sent.id, n, event });
    };
    const next = async () => {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) await send(job);
    };
    // The first makes the stream; with all at once behind it, they would not be stored in the order of their numbers.
    const first = fired === queue.length ? queue.shift() : undefined;
    if (first !== undefined) await send(first);
    await Promise.all(Array.from({ length: atOnce }, next));
  }

  async function check(options: CheckOptions = {}): Promise<Account> {
    const { listener = 'work', events = ['added'], twice = [], overlapping = [], lost = [] } = options;
    const killed = (options.killed ?? []).map(({ name }) => name);
    const kept = new Set((await server.deadLetters(`${prefix}_dead_letters`)).map(({ id }) => id));
    const account = accountFor(await ledger.entries(), { listener, events, kept, killed });
    await record(account, lost);
    const beyond = (found: readonly number[], allowed: 'any' | readonly number[]) =>
      allowed === 'any' ? [] : found.filter((n) => !allowed.includes(n));
    expect(beyond(account.lost, lost), 'lost').to.deep.equal([]);
    expect(beyond(account.overlapping, overlapping), 'in two hands at once').to.deep.equal([]);
    expect(beyond(account.unexplained, twice), 'run twice').to.deep.equal([]);
    return account;
  }

  return {
    prefix,
    stream: `${prefix}-jobs`,
    ledger,
    server,
    fire,
    check,
    async worker(given = {}) {
      const settings: WorkerSettings = {
        serviceName: given.serviceName ?? 'jobs-service',
        processName: `process-${workers.length + 1}`,
        api: given.api,
        owner: given.owner ?? true,
        listeners: given.listeners ?? [listener()],
        config: { ...config, ...given.config },
        ledger: ledger.folder,
        dieAt: given.dieAt,
      };
      const worker = startWorker(settings, given.url ?? url.join(','), given.node);
      workers.push(worker);
      if (given.wait !== false) await worker.said('"listenerName"');
      return worker;
    },
    settled: (serviceName = 'jobs-service') => server.settled(`${prefix}-jobs`, `${serviceName}--`),
    durable: (fact, name = 'jobs-service--work--added') => server.durable(`${prefix}-jobs`, name, fact),
    deadLetters: () => server.deadLetters(`${prefix}_dead_letters`),
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
      await producer.client.close();
      await server[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    },
  };
}

/** For the table of docs/reliability.md, see scripts/faults.mjs. */
async function record({ fired, lost, twice }: Account, removed: 'any' | readonly number[]): Promise<void> {
  const file = process.env.LIGHTBUS_FAULTS_RESULTS;
  if (!file) return;
  const missed = removed === 'any' ? [] : lost.filter((n) => !removed.includes(n));
  const line = { fired, lost: missed.length, twice: twice.length };
  await appendFile(file, `${JSON.stringify({ fault: basename(process.env.LIGHTBUS_FAULT ?? ''), ...line })}\n`);
}
