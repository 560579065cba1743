import { type Command, Option } from 'commander';
import type { DeadLetterFilter } from '../bus/dead-letters/filter.js';
import { toMilliseconds } from '../duration.js';
import { checkApiName, checkEventName, checkListenerName, checkServiceName } from '../names.js';
import type { ConnectionFlags } from './deadletters-connection.js';
import { type Terminal, UsageError } from './terminal.js';

/** The flags of `lightbus deadletters`; each of its commands has some of them. */
export interface Flags extends ConnectionFlags, Omit<DeadLetterFilter, 'sequence'> {
  readonly format: 'human' | 'json';
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function withConnection(command: Command, { isTerminal }: Terminal): Command {
  return command
    .option(
      '--bus <module>',
      'file, folder or package of a bus module to connect as (default: $LIGHTBUS_MODULE, or bus.ts, … here, if there is one)',
    )
    .option('--config <path>', 'configuration file (default: $LIGHTBUS_CONFIG, or lightbus.yaml, .yml, .json here)')
    .addOption(
      new Option('--format <format>', 'a table, or a line of JSON for each')
        .choices(['human', 'json'])
        .default(
          isTerminal ? 'human' : 'json',
          isTerminal
            ? 'human; json where standard output is not a terminal'
            : 'json where standard output is not a terminal, else human',
        ),
    );
}

export function withFilter(command: Command): Command {
  return command
    .option('--service <name>', 'only those of this service', checked(checkServiceName))
    .option('--listener <name>', 'only those of this listener', checked(checkListenerName))
    .option('--api <name>', 'only events of this API', checked(checkApiName))
    .option(
      '--event <name>',
      'only this event, without its API',
      checked((name) => checkEventName('*', name)),
    )
    .option(
      '--since <time>',
      'given up at this time or later: 2026-03-01T12:00Z, or 2h for two hours ago',
      parseTime('--since'),
    )
    .option('--until <time>', 'given up before this time', parseTime('--until'))
    .option('--error <text>', "a part of the error's name or message")
    .option('--limit <count>', 'no more than so many, the oldest first', (text) => parseCount(text, '--limit'));
}

export function filterFrom({ service, listener, api, event, since, until, error, limit }: Flags): DeadLetterFilter {
  return { service, listener, api, event, since, until, error, limit };
}

function checked(check: (name: string) => void): (name: string) => string {
  return (name) => {
    try {
      check(name);
    } catch (cause) {
      throw new UsageError((cause as Error).message, { cause });
    }
    return name;
  };
}

/** @param what the text is, for errors */
export function parseCount(text: string, what: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count > 0) return count;
  throw new UsageError(`${what}: "${text}" is not a whole number from 1`);
}

function parseTime(option: string): (text: string) => Date {
  return (text) => {
    if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return new Date(Date.now() - toMilliseconds(text as '1s', option));
    const date = new Date(text);
    if (/^\d{4}-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date;
    throw new UsageError(`${option}: "${text}" is not a time; write e.g. 2026-03-01T12:00Z, or 2h for two hours ago`);
  };
}
