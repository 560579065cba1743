import type { Msg } from 'nats';

/** The client's messages have a method for their size, which its types leave out. */
type SizedMsg = Msg & { size(): number };

/** The size of a message on the network, in bytes, nearly. */
export function sizeOf(message: Msg): number {
  return (message as SizedMsg).size();
}

/**
 * The bytes of a message's headers. The client's own reader takes time that grows with the square of their number, which
 * a hostile sender could use; and it throws. The client keeps headers and body in one buffer, the body after the headers.
 */
export function headerBlock(message: Msg): Uint8Array {
  const { data } = message;
  const total = sizeOf(message) - Buffer.byteLength(message.subject) - Buffer.byteLength(message.reply ?? '');
  const length = total - data.length;
  return length > 0 ? new Uint8Array(data.buffer, data.byteOffset - length, length) : data.subarray(0, 0);
}
