import { Type } from 'typebox';
import { Api, Event, type EventHandle, type Logger, Parameter } from '../../lib/index.js';

/** The API of most tests: Lightbus's page, with a typed event and one that takes anything. */
export class AuthApi extends Api {
  static meta = { name: 'auth' } as const;

  user_created = new Event({ parameters: ['username', 'email'] });
  user_updated = new Event({
    parameters: {
      username: Type.String(),
      new_email: Type.String({ format: 'email' }),
      is_admin: new Parameter(Type.Boolean(), { default: false }),
    },
  });
  user_deleted = new Event({ parameters: 'username' });
  heartbeat = new Event();
}

/** One entry that was logged. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: { readonly [field: string]: unknown };
  readonly message: string;
}

/** A logger that remembers. */
export interface RecordedLog extends Logger {
  readonly entries: readonly LogEntry[];
  /** All warnings and errors, as one text: for messages of failing tests, and to find what must not be there. */
  problems(): string;
  /** Resolves with the first entry whose message holds `text`, from before or to come. */
  said(text: string): Promise<LogEntry>;
}

export function recordLog(): RecordedLog {
  const entries: LogEntry[] = [];
  const waiting = new Set<() => void>();
  const write = (level: LogEntry['level']) => (fields: object, message: string) => {
    entries.push({ level, fields: fields as LogEntry['fields'], message });
    for (const look of [...waiting]) look();
  };
  return {
    entries,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    problems: () =>
      entries
        .filter(({ level }) => level === 'warn' || level === 'error')
        .map(({ level, message, fields }) => `${level}: ${message} ${String(fields.err ?? '')}`)
        .join('\n'),
    said: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const found = entries.find(({ message }) => message.includes(text));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/**
 * What most tests give to `create`; `await using` closes the bus.
 *
 * @example await using bus = create({ ...settings(nats.url), apis: [AuthApi] });
 */
export function settings(url: string, logger: Logger = recordLog()) {
  return { serviceName: 'test-service', processName: 'test-process', nats: { servers: url }, logger };
}

/** An event of a bus by names that its type does not know. */
export function handleOf(bus: object, ...path: readonly string[]): EventHandle {
  return path.reduce((node, name) => (node as Record<string, object>)[name] ?? node, bus) as EventHandle;
}

/** Collects what a handler was given; whoever waits for a number of things gets them when they are there. */
export class Collected<T> {
  readonly values: T[] = [];
  readonly #waiting = new Set<() => void>();

  readonly add = (value: T): void => {
    this.values.push(value);
    for (const look of [...this.#waiting]) look();
  };

  /** Resolves when there is a value that fits, with the first such. */
  first(fits: (value: T) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.values.find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when there are `count` values, with all that are there. */
  async count(count: number): Promise<readonly T[]> {
    if (count > 0) await this.first(() => this.values.length >= count);
    return this.values;
  }
}

/** What a promise rejects with, or a function throws. */
export async function errorOf<E extends Error = Error>(act: Promise<unknown> | (() => unknown)): Promise<E> {
  let value: unknown;
  try {
    value = await (typeof act === 'function' ? act() : act);
  } catch (error) {
    return error as E;
  }
  throw new Error(`nothing failed; it gave ${String(value)}`);
}
