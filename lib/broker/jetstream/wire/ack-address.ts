const ACK_PREFIX = '$JS.ACK.';
const TIMESTAMP = /^\d{7,20}$/;

/** The parts of a delivery's reply subject, to which acknowledgements go. */
export interface AckAddress {
  readonly stream: string;
  readonly durable: string;
  readonly deliveries: number;
  readonly sequence: number;
  /** Counts all deliveries of the durable, repeated ones too. */
  readonly durableSequence: number;
  readonly timestamp: string;
  /** How many events the durable still had to deliver. */
  readonly pending: number;
}

/**
 * Reads an ack address: `$JS.ACK.<stream>.<durable>.<deliveries>.<stream seq>.<durable seq>.<timestamp>.<pending>`, or
 * with domain and account hash behind `$JS.ACK` (11 tokens), and a random token at the end (12).
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 */
export function parseAckAddress(reply: string | undefined): AckAddress | undefined {
  if (reply === undefined || !reply.startsWith(ACK_PREFIX)) return undefined;
  const dots: number[] = []; // On the path of each delivery: faster than `split` and destructuring.
  for (let dot = ACK_PREFIX.length - 1; dot !== -1; dot = reply.indexOf('.', dot + 1)) dots.push(dot);
  const tokens = dots.length + 2;
  if (tokens !== 9 && tokens !== 11 && tokens !== 12) return undefined;
  const first = tokens === 9 ? 0 : 2;
  const token = (index: number) => reply.slice((dots[first + index] as number) + 1, dots[first + index + 1]);
  const deliveries = Number(token(2));
  const sequence = Number(token(3));
  const durableSequence = Number(token(4));
  const timestamp = token(5);
  const pending = Number(token(6));
  const sound = deliveries > 0 && sequence > 0 && durableSequence > 0 && pending >= 0 && TIMESTAMP.test(timestamp);
  if (!sound) return undefined;
  return { stream: token(0), durable: token(1), deliveries, sequence, durableSequence, timestamp, pending };
}
