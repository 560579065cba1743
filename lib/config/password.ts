/** A server's address without user, password and token, fit for errors and logs. */
export function withoutPassword(url: string): string {
  // Greedy up to the last `@`: a password may hold `@`, `/` or `:` that somebody forgot to escape.
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}
