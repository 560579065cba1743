import { inspect } from 'node:util';
import { redact } from '../secret-text.js';
import { leadsToUser, withoutCallers } from '../stack.js';
import { printableLines } from '../unprintable.js';

/**
 * What is printed of an error that ends the command: an error of ours by its message and code, with what caused it;
 * anything else by its stack. Of stacks only what leads to the user's code, where they do.
 *
 * @param options `stacks`: all of them whole, for `--log-level debug`
 */
export function renderError(error: unknown, options: { stacks?: boolean } = {}): string {
  const code = codeOf(error);
  if (options.stacks) return clean(`error: ${render(error)}\n`);
  if (code === undefined) return clean(`error: ${withoutCallers(render(error))}\n`);
  const { message, cause } = error as Error;
  const why = renderCause(cause, message);
  return clean(`error: ${message} [${code}]${why === '' ? '' : `\n  cause: ${why.replaceAll('\n', '\n  ')}`}\n`);
}

/** Nothing where the error's own message has said it all. */
function renderCause(cause: unknown, message: string): string {
  if (cause === undefined) return '';
  const text = render(cause);
  // A stack that leads nowhere but into packages is of no use to the user; nor is that of an error of ours.
  if (!(cause instanceof Error) || (leadsToUser(text) && codeOf(cause) === undefined)) return withoutCallers(text);
  return message.includes(cause.message) ? '' : `${cause.name}: ${cause.message}`;
}

// By its code rather than by its class: the bus module may have loaded another copy of this package.
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code === error.name ? code : undefined;
}

function render(error: unknown): string {
  try {
    return inspect(error, { depth: 4 });
  } catch {
    return 'an error that cannot be printed';
  }
}

// Errors hold what others wrote: addresses of databases with their passwords, or what a terminal would act upon.
function clean(text: string): string {
  return printableLines(redact(text));
}
