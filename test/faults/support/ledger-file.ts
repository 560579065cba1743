import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One line of the ledger. `fired`: confirmed to its producer. `start`, `end`, `failed`: of a handler; `failed` if it threw.
 */
export interface Entry {
  readonly what: 'fired' | 'start' | 'end' | 'failed';
  readonly id: string;
  readonly n: number;
  /** Of the API `jobs`. */
  readonly event: string;
  /** Empty for `fired`. */
  readonly listener: string;
  readonly process: string;
  readonly attempt: number;
  /** Milliseconds on a clock that all processes of the machine share, and that nobody sets. */
  readonly at: number;
}

const clock = process.hrtime.bigint.bind(process.hrtime);

/** A process's own file of the ledger. Written synchronously, so that a killed process has written all that it did. */
export function openLedgerFile(folder: string, processName: string): (entry: Omit<Entry, 'process' | 'at'>) => void {
  const file = openSync(join(folder, `${processName}.jsonl`), 'a');
  return (entry) => {
    const at = Number(clock() / 1000n) / 1000;
    writeSync(file, `${JSON.stringify({ ...entry, process: processName, at })}\n`);
  };
}
