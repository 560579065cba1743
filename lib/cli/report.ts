import { inspect } from 'node:util';

/**
 * What is printed of an error that ends the command: an error of ours by its message and code, with the stack of what
 * caused it, because that leads to the user's code; anything else by its stack.
 *
 * @param options `stacks`: ours too, for `--log-level debug`
 */
export function renderError(error: unknown, options: { stacks?: boolean } = {}): string {
  const code = codeOf(error);
  if (code === undefined || options.stacks) return hidePasswords(`error: ${render(error)}\n`);
  const { message, cause } = error as Error;
  const why = cause === undefined ? '' : `\n  cause: ${render(cause).replaceAll('\n', '\n  ')}`;
  return hidePasswords(`error: ${message} [${code}]${why}\n`);
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

// Users' errors may hold addresses of databases and the like; our own never hold a password.
function hidePasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1***@');
}
