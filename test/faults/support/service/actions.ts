import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Reject, RetryAfter } from 'lightbus-jetstream';
import type { WorkerSettings } from './settings.js';

const MEBIBYTE = 1024 * 1024;

/** Errors that are harder to keep than others, by name. */
const ERRORS: Readonly<Record<string, () => unknown>> = {
  plain: () => new Error('it failed'),
  lines: () => new Error('it failed\r\nNats-Msg-Id: forged\r\n\r\nPUB forged 0\n\n\u0000'),
  large: () => new Error('x'.repeat(MEBIBYTE)),
  text: () => 'no error object',
  undefined: () => undefined,
  getter: () =>
    Object.defineProperty(new Error('hidden'), 'message', {
      get() {
        throw new Error('no message for you');
      },
    }),
  reject: () => new Reject('not wanted'),
  later: () => new RetryAfter('200ms'),
};

/**
 * What handling an event does: a word and what it needs. `wait 300` takes 300 ms, `block 300` too, without letting go of
 * the event loop; `throw-together` blocks until two processes have
 * begun, and throws in both at the same moment; `throw lines` throws one of `ERRORS`, `rejects undefined` rejects with it; `die` kills its process with
 * SIGKILL, `die-after` when the handler has ended, `die-acknowledged` when that was acknowledged; `never` does not end; `exhaust` takes memory until the process dies of it.
 *
 * With `once` before it, e.g. `once die`, only the first attempt does so.
 */
export function act(does: string, attempt: number): unknown {
  const [verb = '', argument = ''] = does.replace(/^once /, '').split(' ');
  if (does.startsWith('once ') && attempt > 1) return undefined;
  switch (verb) {
    case '':
    case 'die-after':
    case 'die-acknowledged':
      return undefined;
    case 'wait':
      return sleep(Number(argument));
    case 'block':
      return block(Number(argument));
    case 'throw-together':
      blockUntilStarted(2);
      throw ERRORS.plain?.();
    case 'throw':
      throw ERRORS[argument]?.();
    case 'rejects':
      return Promise.reject(ERRORS[argument]?.());
    case 'die':
      return die();
    case 'never':
      return new Promise(() => {});
    case 'exhaust':
      return exhaust();
    default:
      throw new Error(`no action "${does}"`);
  }
}

/** Nothing of this process runs after this line: a signal to oneself is delivered before `kill` returns. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

function block(milliseconds: number): void {
  // Not by the wall clock, which a test may have set.
  const until = process.hrtime.bigint() + BigInt(milliseconds) * 1_000_000n;
  while (process.hrtime.bigint() < until);
}

/** Of the ledger's only event. */
function blockUntilStarted(runs: number): void {
  const { ledger } = JSON.parse(process.env.JOBS_SETTINGS ?? '{}') as WorkerSettings;
  const started = () =>
    readdirSync(ledger)
      .map((file) => readFileSync(join(ledger, file), 'utf8'))
      .join('')
      .split('"what":"start"').length - 1;
  while (started() < runs);
}

async function exhaust(): Promise<void> {
  const kept: unknown[] = [];
  for (;;) {
    // Objects, not buffers: V8's own heap has the limit.
    for (let count = 0; count < 100_000; count += 1) kept.push({ count });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
