import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, openLedgerFile } from './ledger-file.js';

const LOOK_EVERY_MS = 25;

/** Every fired id, and every start and end of a handler; kept in files, so that it outlives whoever wrote it. */
export interface Ledger extends AsyncDisposable {
  readonly folder: string;
  /** Notes that an event was confirmed to this process. */
  fired(entry: { id: string; n: number; event: string }): void;
  entries(): Promise<Entry[]>;
  /** Resolves with the entries once `fact` is true of them. The test's time-out is its limit. */
  until(fact: (entries: readonly Entry[]) => boolean): Promise<Entry[]>;
}

export async function openLedger(): Promise<Ledger> {
  const folder = await mkdtemp(join(tmpdir(), 'lightbus-ledger-'));
  const write = openLedgerFile(folder, 'test');
  let closed = false;
  async function entries(): Promise<Entry[]> {
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    // The last part of each is empty, or what a process that was killed just then had not written to its end.
    return texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line) as Entry);
  }
  return {
    folder,
    entries,
    fired: (entry) => write({ what: 'fired', listener: '', attempt: 0, ...entry }),
    async until(fact) {
      for (;;) {
        if (closed) throw new Error('the test is over');
        const now = await entries();
        if (fact(now)) return now;
        await sleep(LOOK_EVERY_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How many handlers have so far done this. */
export function count(entries: readonly Entry[], what: Entry['what'], which: (entry: Entry) => boolean = () => true) {
  return entries.filter((entry) => entry.what === what && which(entry)).length;
}

/** One run of a handler: from its start to its end, if it had one. */
export interface Run {
  readonly start: Entry;
  readonly end: Entry | undefined;
}

/** The runs of one listener, by event id, in the order of their starts. */
export function runsOf(entries: readonly Entry[], listener: string): Map<string, Run[]> {
  const runs = new Map<string, Run[]>();
  const sorted = entries.filter((entry) => entry.listener === listener).sort((a, b) => a.at - b.at);
  for (const entry of sorted) {
    const own = runs.get(entry.id) ?? [];
    runs.set(entry.id, own);
    if (entry.what === 'start') own.push({ start: entry, end: undefined });
    const begun = own.findIndex((run) => run.start.process === entry.process && run.end === undefined);
    const run = own[begun];
    if (entry.what !== 'start' && run !== undefined) own[begun] = { ...run, end: entry };
  }
  return runs;
}

/** What became of the events that one listener was due. */
export interface Account {
  readonly listener: string;
  readonly fired: number;
  /** Numbers (`n`) of fired events that no handler has ended, and that are not dead letters. */
  readonly lost: readonly number[];
  /** Numbers of events that were started more than once. */
  readonly twice: readonly number[];
  /** Of these, those that were not begun by killed processes alone before their last run. */
  readonly unexplained: readonly number[];
  /** Numbers of events that two handlers had in hand at the same time. */
  readonly overlapping: readonly number[];
}

/** @param kept ids of events that the listener gave up and that are kept as dead letters */
export function accountFor(
  entries: readonly Entry[],
  options: {
    listener: string;
    events: readonly string[] | 'all';
    kept: ReadonlySet<string>;
    /** Names of processes that were killed: what only they had begun before is no run too many. */
    killed?: readonly string[];
  },
): Account {
  const { listener, events, kept, killed = [] } = options;
  const due = (event: string) => events === 'all' || events.includes(event);
  const fired = entries.filter(({ what, event }) => what === 'fired' && due(event));
  const runs = runsOf(entries, listener);
  const ended = (id: string) => (runs.get(id) ?? []).some(({ end }) => end?.what === 'end');
  const numbers = (which: (own: Run[]) => boolean) =>
    [...runs.values()].filter(which).map((own) => own[0]?.start.n ?? Number.NaN);
  return {
    listener,
    fired: new Set(fired.map(({ id }) => id)).size,
    lost: fired.filter(({ id }) => !ended(id) && !kept.has(id)).map(({ n }) => n),
    twice: numbers((own) => own.length > 1),
    unexplained: numbers((own) => own.slice(0, -1).some(({ start }) => !killed.includes(start.process))),
    overlapping: numbers(overlap),
  };
}

// A run without an end may have ended with its process: it overlaps nothing that another process began later.
function overlap(own: readonly Run[]): boolean {
  return own.some(({ start, end }, index) =>
    own.slice(index + 1).some((later) => end !== undefined && later.start.at < end.at && later.start.at > start.at),
  );
}
