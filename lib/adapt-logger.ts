import { describeForReading, type Logger, renderForPeople } from './logger.js';

/** What a winston logger has and neither pino's nor the console has. */
interface WinstonLogger {
  readonly levels: object;
  log(entry: object): unknown;
}

/**
 * A logger that a user gave, as one that takes `(fields, message)`. So do pino and whatever is of its shape. The console takes
 * a text; winston takes one entry, and would lose the message, and an error's stack, if it were called like pino.
 */
export function adaptLogger(given: Logger): Logger {
  // The type Logger asks for pino's arguments, so the console is none by its types.
  if ((given as unknown) === console) return fromConsole(given as unknown as Console);
  return isWinston(given) ? fromWinston(given) : given;
}

/** Whether a logger of a user's says that it writes entries of level `debug`: pino and winston do. */
export function writesDebug(given: Logger): boolean {
  const { isLevelEnabled, isDebugEnabled } = given as {
    isLevelEnabled?: (level: string) => unknown;
    isDebugEnabled?: () => unknown;
  };
  try {
    return isLevelEnabled?.call(given, 'debug') === true || isDebugEnabled?.call(given) === true;
  } catch {
    return false;
  }
}

function fromConsole(to: Console): Logger {
  const write = (level: keyof Logger) => (fields: object, message: string) =>
    to[level]('%s', renderForPeople(level, fields, message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function fromWinston(to: WinstonLogger): Logger {
  const write = (level: keyof Logger) => (fields: object, message: string) => {
    const { err } = fields as { err?: unknown };
    // Last, because winston writes what these are called, and nothing of ours may take their places.
    to.log({ ...fields, ...(err === undefined ? {} : { err: describeForReading(err) }), level, message });
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

// By its shape: users have copies of it that we do not know. pino has `levels`, too, but no `log`.
function isWinston(logger: unknown): logger is WinstonLogger {
  const { log, levels, transports } = logger as { log?: unknown; levels?: unknown; transports?: unknown };
  return typeof log === 'function' && typeof levels === 'object' && levels !== null && transports !== undefined;
}
