import type { Msg } from 'nats';
import { type Headers, parseHeaders } from '../../../message/headers.js';
import { headerBlock } from './header-block.js';

/** A status that the server sends in place of a message, e.g. `NATS/1.0 409 Consumer Deleted`. */
export interface Status {
  readonly code: number;
  readonly description: string;
  readonly headers: Headers;
}

/**
 * Reads a status; undefined if the message has none. Everybody may publish to an inbox with a known name, and the client's
 * own reader throws on damaged headers, which would end its connection.
 */
export function statusOf(message: Msg): Status | undefined {
  const block = headerBlock(message);
  const start = Buffer.from(block.buffer, block.byteOffset, Math.min(block.length, 200)).toString('latin1');
  const [, code, description = ''] = /^NATS\/1\.0 +(\d{3})\b *([^\r\n]*)/.exec(start) ?? [];
  return code === undefined ? undefined : { code: Number(code), description, headers: parseHeaders(block) };
}
