import type { Headers } from './headers.js';

/** How the bytes of what is often mistaken for JSON in UTF-8 begin. */
const BEGINNINGS: readonly (readonly [bytes: readonly number[], hint: string])[] = [
  [[0xef, 0xbb, 0xbf], 'it begins with a byte order mark; write UTF-8 without one'],
  [[0xff, 0xfe], 'it is UTF-16; write UTF-8'],
  [[0xfe, 0xff], 'it is UTF-16; write UTF-8'],
  [[0x1f, 0x8b], 'it is compressed with gzip; send it as it is'],
];
const CLOUD_EVENT =
  'it is a CloudEvent in structured mode; use binary mode, whose body is the data alone and whose attributes are headers';

/**
 * What a body that no listener can take seems to be, and how its producer would have to send it; undefined if nothing
 * stands out.
 *
 * @param headers with names in lowercase
 */
export function hintAbout(body: Uint8Array, headers: Headers): string | undefined {
  if (body.length === 0) return 'it is empty; an event without parameters is {}';
  const known = BEGINNINGS.find(([bytes]) => bytes.every((byte, index) => body[index] === byte));
  if (known !== undefined) return known[1];
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && !/^(identity|utf-?8)?$/i.test(encoding))
    return `its header content-encoding is ${shortened(encoding)}; send it as it is`;
  const type = headers['content-type'] ?? '';
  if (/^application\/cloudevents\b/i.test(type) || isCloudEvent(body)) return CLOUD_EVENT;
  if (type === '' || /[/+]json\b/i.test(type)) return undefined;
  return `its header content-type is ${shortened(type)}; send JSON`;
}

function isCloudEvent(body: Uint8Array): boolean {
  try {
    const { specversion, type, source } = JSON.parse(Buffer.from(body).toString());
    return [specversion, type, source].every((attribute) => typeof attribute === 'string');
  } catch {
    return false;
  }
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
