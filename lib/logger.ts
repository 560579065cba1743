import { leadsToUser, withoutCallers } from './stack.js';
import { printableJson, printableLines } from './unprintable.js';

/** What the bus logs to: four methods of pino's shape. pino, winston and the console fit as they are. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The least severe level that is written. `silent` writes nothing. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a logger of ours writes, e.g. `process.stderr`. */
export interface LogTarget {
  write(text: string): unknown;
  isTTY?: boolean;
}

/**
 * The logger that a bus has unless it is given one: a line per entry, JSON unless the target is a terminal.
 *
 * @param level read at each entry, because flags may change it after the bus was created
 */
export function createLogger(options: { level: () => LogLevel; target: LogTarget }): Logger {
  const { level, target } = options;
  const render = target.isTTY ? renderForPeople : renderAsJson;

  function write(severity: LogLevel, fields: object, message: string): void {
    if (LOG_LEVELS.indexOf(severity) < LOG_LEVELS.indexOf(level())) return;
    target.write(`${render(severity, fields, message)}\n`);
  }

  return {
    debug: (fields, message) => write('debug', fields, message),
    info: (fields, message) => write('info', fields, message),
    warn: (fields, message) => write('warn', fields, message),
    error: (fields, message) => write('error', fields, message),
  };
}

function renderAsJson(level: LogLevel, fields: object, message: string): string {
  // Errors hold what others wrote; whatever displays it would act upon it.
  return printableJson(stringify({ level, time: new Date().toISOString(), msg: message, ...fields }));
}

/** An entry as text: a line, and the lines of its error. */
export function renderForPeople(level: LogLevel, fields: object, message: string): string {
  const entries = Object.entries(fields);
  const details = entries.filter(([key]) => key !== 'err').map(([key, value]) => `${key}=${stringify(value)}`);
  const error: unknown = (fields as { err?: unknown }).err;
  const trace = error === undefined ? '' : `\n  ${describeForReading(error).stack.replaceAll('\n', '\n  ')}`;
  const text = `${new Date().toISOString().slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${message} ${details.join(' ')}${trace}`;
  return printableLines(text.trimEnd());
}

function stringify(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner) =>
        isError(inner) ? describeForReading(inner) : typeof inner === 'bigint' ? `${inner}` : inner,
      ) ?? 'null'
    );
  } catch {
    // A cycle, or a getter that throws: without the field that has it the rest can be read.
    return stringifyByField(value);
  }
}

function stringifyByField(value: unknown): string {
  try {
    const fields = Object.keys(value as object).map(
      (key) => `${JSON.stringify(key)}:${stringifyField(value as object, key)}`,
    );
    return `{${fields.join(',')}}`;
  } catch {
    return '"(not printable)"';
  }
}

function stringifyField(of: object, key: string): string {
  try {
    const value = (of as Record<string, unknown>)[key];
    return stringify(isPrimitive(value) ? value : describeForReading(value));
  } catch {
    return '"(not readable)"';
  }
}

/** A logger that says whether it writes what is logged at level `debug`, so that the hot path need not prepare it. */
export interface GuardedLogger extends Logger {
  debugs(): boolean;
}

/** A logger that never throws: what is logged comes from others, and a failing log must not change what becomes of an event. */
export function guardLogger(logger: Logger, debugs: () => boolean = () => false): GuardedLogger {
  const guarded = (level: keyof Logger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // An error whose properties cannot be read, most likely: say the rest.
      try {
        const { err, ...rest } = fields as { err?: unknown };
        logger[level]({ ...rest, err: describeError(err) }, message);
      } catch {
        // A logger that cannot even do this has nothing to tell us either.
      }
    }
  };
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error'), debugs };
}

/** What of an error can be logged and stored. Anything can be thrown, and reading an error may itself throw. */
export interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Describes whatever was thrown, never throws itself. */
export function describeError(error: unknown): ErrorDescription {
  const name = read(error, 'name') ?? (isError(error) ? 'Error' : typeof error);
  const message = read(error, 'message') ?? (isError(error) ? '' : printed(error));
  const stack = read(error, 'stack') ?? `${name}: ${message}`;
  return { name, message, stack };
}

/** As `describeError`; of the stack only what leads to the user's code. An error of ours that leads nowhere has no stack. */
export function describeForReading(error: unknown): ErrorDescription {
  const description = describeError(error);
  const { name, message, stack } = description;
  const isOurs = name !== 'Error' && read(error, 'code') === name;
  return { ...description, stack: isOurs && !leadsToUser(stack) ? `${name}: ${message}` : withoutCallers(stack) };
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false; // A proxy may refuse to say.
  }
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function read(error: unknown, key: 'code' | 'name' | 'message' | 'stack'): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    const value: unknown = (error as Record<string, unknown>)[key];
    return typeof value === 'string' ? value : undefined;
  } catch (cause) {
    return `(reading the error's ${key} threw ${isError(cause) ? cause.name : typeof cause})`;
  }
}

function printed(value: unknown): string {
  try {
    return typeof value === 'object' ? (JSON.stringify(value) ?? 'undefined') : String(value);
  } catch {
    return '(not printable)';
  }
}
