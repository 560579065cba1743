// The CloudEvents NATS binding, binary mode: https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md

/** Header names in lower case, one value each: of a repeated header the first. Has no prototype. */
export type Headers = Readonly<Record<string, string>>;

const NO_HEADERS: Headers = Object.freeze(Object.create(null) as Record<string, string>);
const CLEAN = /^[!#$&-~]*$/; // U+0021–7E without `"` and `%`
const UNCLEAN_CHARACTER = /[^!#$&-~]/gu;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const FIRST_LINE = 'NATS/1.0';

/** A header value that NATS can carry, whatever the text holds: percent-encoded as CloudEvents asks. */
export function encodeHeaderValue(text: string): string {
  if (CLEAN.test(text)) return text;
  return text.replace(LONE_SURROGATE, '\uFFFD').replace(UNCLEAN_CHARACTER, encodeCharacter);
}

/** The reverse of {@link encodeHeaderValue}; what is not a valid encoding is taken as it stands. */
export function decodeHeaderValue(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * Reads a header block. Linear in its length, whatever it holds: a line without a colon is passed over.
 *
 * @param block from `NATS/1.0` to the empty line; an empty block is no headers
 */
export function parseHeaders(block: Uint8Array): Headers {
  if (block.length === 0) return NO_HEADERS;
  const text = Buffer.from(block.buffer, block.byteOffset, block.byteLength).toString('utf8');
  const headers = Object.create(null) as Record<string, string>;
  let start = text.indexOf('\r\n', FIRST_LINE.length) + 2;
  if (start === 1) return headers;
  let colon = -1;
  while (start < text.length) {
    const newline = text.indexOf('\r\n', start);
    const end = newline === -1 ? text.length : newline;
    // The next colon may be far away: looked for in each line anew, it would cost the square of their number.
    if (colon < start) colon = text.indexOf(':', start);
    if (colon === -1) break;
    if (colon > start && colon < end) {
      const name = text.slice(start, colon).toLowerCase();
      headers[name] ??= text.slice(colon + 1, end).trim();
    }
    start = end + 2;
  }
  return headers;
}

/** A header block from names and values that are known to be clean. */
export function renderHeaders(headers: Iterable<readonly [name: string, value: string]>): string {
  let block = `${FIRST_LINE}\r\n`;
  for (const [name, value] of headers) block += `${name}: ${value}\r\n`;
  return `${block}\r\n`;
}

function encodeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x80 ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : encodeURIComponent(character);
}
