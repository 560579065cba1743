import { Argument, Command, Option } from 'commander';
import type { DeadLetterResult, DeadLetters } from '../bus/dead-letters/admin.js';
import type { DeadLetterFilter } from '../bus/dead-letters/filter.js';
import type { DeadLetter } from '../message/stored-dead-letter.js';
import { printable } from '../unprintable.js';
import { withDeadLetters } from './deadletters-connection.js';
import { type Flags, filterFrom, parseCount, withConnection, withFilter } from './deadletters-options.js';
import { renderAsJson, renderLetter, renderLetters } from './deadletters-output.js';
import { type ExitCode, type Terminal, UsageError } from './terminal.js';

/** Rows that are laid out together. */
const TABLE_PAGE = 500;
const PROGRESS_EVERY_MS = 1000;

type ExitWith = (code: ExitCode) => void;

/** `lightbus deadletters`. */
export function deadlettersCommand(terminal: Terminal, exitWith: ExitWith): Command {
  const command = new Command('deadletters')
    .summary('list, show, replay or remove the events that listeners gave up')
    .description(
      'Lists, shows, replays or removes the events that listeners gave up: of all services, unless --service names one. ' +
        'Connects as the bus module here does, if there is one, else as lightbus.yaml or NATS_URL says.',
    )
    .addHelpText('after', '\nExample:\n  lightbus deadletters list --service price-monitor --since 2h');
  command.addCommand(listCommand(terminal));
  command.addCommand(showCommand(terminal, exitWith));
  command.addCommand(actionCommand('replay', terminal, exitWith));
  command.addCommand(actionCommand('remove', terminal, exitWith));
  return command;
}

function listCommand(terminal: Terminal): Command {
  return withFilter(withConnection(new Command('list'), terminal))
    .summary('list dead letters, oldest first')
    .description('Lists dead letters, oldest first: a table, or a line of JSON for each.')
    .addHelpText('after', '\nExample:\n  lightbus deadletters list --api auth --error "no such user" --format json')
    .action((flags: Flags) =>
      withDeadLetters(flags, terminal, (deadLetters, signal) =>
        printList(deadLetters.list(filterFrom(flags)), flags, terminal, signal),
      ),
    );
}

function showCommand(terminal: Terminal, exitWith: ExitWith): Command {
  return withConnection(new Command('show'), terminal)
    .summary('show one dead letter with its headers and body')
    .description('Shows one dead letter with the error, the headers and the body.')
    .addArgument(
      new Argument('<sequence>', 'its sequence, as list tells it').argParser((text: string) =>
        parseCount(text, '<sequence>'),
      ),
    )
    .addHelpText('after', '\nExample:\n  lightbus deadletters show 17')
    .action((sequence: number, flags: Flags) =>
      withDeadLetters(flags, terminal, async (deadLetters) => {
        const letter = await deadLetters.show(sequence);
        if (letter !== undefined)
          return terminal.print(flags.format === 'json' ? renderAsJson(letter) : renderLetter(letter));
        terminal.warn(`There is no dead letter ${sequence}; it may have been replayed or removed\n`);
        exitWith(1);
      }),
    );
}

function actionCommand(name: 'replay' | 'remove', terminal: Terminal, exitWith: ExitWith): Command {
  const what =
    name === 'replay'
      ? 'Hands dead letters over again, each to the listener that gave it up and to no other, and removes each once its replay is stored.'
      : 'Removes dead letters for good. Asks before, unless --yes is given.';
  const command = withFilter(withConnection(new Command(name), terminal))
    .summary(name === 'replay' ? 'hand dead letters to their listeners again' : 'remove dead letters for good')
    .description(`${what} Interrupted by Ctrl-C, it can be repeated, and goes on with the rest.`)
    .argument('[sequences...]', 'only these, as list tells them', (text: string, so: number[] = []) => [
      ...so,
      parseCount(text, '[sequences]'),
    ])
    .option('--dry-run', `list what would be ${past(name)}, and change nothing`)
    .addHelpText('after', `\nExample:\n  lightbus deadletters ${name} --service price-monitor --listener send_alerts`);
  command.addOption(
    name === 'remove'
      ? new Option('--yes', 'do not ask')
      : new Option('--yes', 'do not ask (replaying never does)').hideHelp(),
  );
  return command.action((sequences: number[], flags: Flags) => {
    const filter = { ...filterFrom(flags), ...(sequences.length > 0 ? { sequence: sequences } : {}) };
    if (name === 'remove' && !flags.yes && !flags.dryRun && terminal.ask === undefined) {
      throw new UsageError(
        'deadletters remove asks before it removes, and standard input is not a terminal; give --yes, or --dry-run to see what it would remove',
      );
    }
    return withDeadLetters(flags, terminal, async (deadLetters, signal) => {
      if (flags.dryRun) return printList(deadLetters.list(filter), flags, terminal, signal);
      if (name === 'remove' && !flags.yes && !(await mayRemove(deadLetters, filter, terminal))) return;
      const action = { ...filter, signal, onProgress: progressOn(name, terminal) };
      const result = await (name === 'remove'
        ? deadLetters.remove({ ...action, all: true })
        : deadLetters.replay(action));
      report(name, result, terminal, signal);
      if (result.failed.length > 0) exitWith(1);
    });
  });
}

async function printList(
  letters: AsyncIterable<DeadLetter>,
  { format }: Flags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  let page: DeadLetter[] = [];
  let pages = 0;
  let count = 0;
  const print = () => {
    if (page.length > 0) terminal.print(renderLetters(page, { head: pages === 0, columns: terminal.columns }));
    pages += 1;
    page = [];
  };
  for await (const letter of letters) {
    if (signal.aborted) break;
    count += 1;
    if (format === 'json') terminal.print(renderAsJson(letter));
    else if (page.push(letter) === TABLE_PAGE) print();
  }
  if (format === 'json') return;
  print();
  terminal.warn(count === 0 ? 'No dead letters\n' : `${count} dead letter${count === 1 ? '' : 's'}\n`);
}

async function mayRemove(deadLetters: DeadLetters, filter: DeadLetterFilter, terminal: Terminal): Promise<boolean> {
  const { found } = await deadLetters.remove({ ...filter, all: true, dryRun: true });
  if (found === 0) return true;
  const answer = await terminal.ask?.(`Remove ${found} dead letter${found === 1 ? '' : 's'} for good? [y/N] `);
  if (/^y(es)?$/i.test(answer?.trim() ?? '')) return true;
  terminal.warn('Removed nothing\n');
  return false;
}

/** On standard error, once a second at most. */
function progressOn(name: 'replay' | 'remove', terminal: Terminal) {
  let toldAt = performance.now();
  return ({ done, found }: { done: number; found: number }) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = performance.now();
    terminal.warn(`${past(name)} ${done} of ${found} …\n`);
  };
}

function report(name: 'replay' | 'remove', result: DeadLetterResult, terminal: Terminal, signal: AbortSignal): void {
  const { found, done, gone, failed } = result;
  for (const { sequence, reason } of failed)
    terminal.warn(`${printable(`dead letter ${sequence} cannot be replayed: ${reason}`)}\n`);
  const more = gone > 0 ? `, ${gone} had gone meanwhile` : '';
  const left = failed.length > 0 ? `, ${failed.length} left` : '';
  terminal.warn(
    found === 0
      ? `There is no such dead letter, so none was ${past(name)}\n`
      : `${past(name)} ${done} of ${found}${more}${left}\n`,
  );
  if (signal.aborted) terminal.warn('Stopped before the end; run the same command again to go on\n');
}

function past(name: 'replay' | 'remove'): string {
  return name === 'replay' ? 'replayed' : 'removed';
}
