// What may be quoted in an error, a log entry or on the terminal: this file alone decides.

const MAX_QUOTE = 80;
const NOT_SHOWN = '(not shown, it may be a secret)';
/** Seeds of NKeys: `S`, the kind of key, and base 32. */
const SEED = /(?<![A-Za-z0-9])S[ACNOUPX][A-Z2-7]{14,}/;
/** The beginning of a JWT: base 64 of `{"`. */
const JWT = /(?<![A-Za-z0-9])eyJ[\w-]{6,}(?:\.[\w-]*)*/;
const BLOCK = /-{3,}\s*BEGIN[\s\S]*?(?:-{3,}\s*END[^-]*-{3,}|$)/;
const USER_AND_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/;
/** A shortened or mistyped seed, where it is all of the text. */
const MAYBE_SEED = /^\s*S[ACNOUPX](?:[A-Z2-7]*|[A-Za-z0-9]{18,})\s*$/;

/** Whether a text is, holds or resembles a key, a JWT, a seed or the content of a file, rather than being a path or a name. */
export function looksSecret(text: string): boolean {
  return /[\r\n]/.test(text) || [MAYBE_SEED, SEED, JWT, BLOCK].some((pattern) => pattern.test(text));
}

/** A text in quotation marks, shortened; or a remark in its place where it may be a secret. */
export function quote(text: string, longest = MAX_QUOTE): string {
  if (looksSecret(text)) return NOT_SHOWN;
  const quoted = JSON.stringify(hasPassword(text) ? withoutPassword(text) : text);
  return quoted.length > longest ? `${quoted.slice(0, longest - 4)}..."` : quoted;
}

/** A path or key without quotation marks; or a remark in its place. */
export function plain(text: string, longest = 500): string {
  return looksSecret(text) || hasPassword(text) || text.length > longest ? NOT_SHOWN : text;
}

/** A text of others, such as an error's, without what is surely secret in it. */
export function redact(text: string): string {
  return text
    .replace(new RegExp(BLOCK, 'g'), NOT_SHOWN)
    .replace(new RegExp(SEED, 'g'), NOT_SHOWN)
    .replace(new RegExp(JWT, 'g'), NOT_SHOWN)
    .replace(new RegExp(USER_AND_PASSWORD, 'gi'), '$1***@');
}

/** A server's address without user, password and token, fit for errors and logs. */
export function withoutPassword(url: string): string {
  // Greedy up to the last `@`: a password may hold `@`, `/` or `:` that somebody forgot to escape.
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}

// `user:password@host` or `token@host`, with a scheme or without. The `@` in a folder's name stands behind a slash.
function hasPassword(text: string): boolean {
  return /^[^/\\]*(?::.*)?@|:[^/\\]*@/s.test(text);
}
