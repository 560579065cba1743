import type { NatsConnection } from 'nats';

/** Events inside the client that it does not report, or only to the console. */
export interface ClientEvents {
  /** The server's bytes do not follow its protocol. The connection is dropped, and the client connects again. */
  damaged(where: string): void;
  /** An attempt to connect again failed. */
  attemptFailed(error: unknown): void;
  /** A subscription's callback threw. */
  threw(error: unknown): void;
}

/** The private parts of the client on which we rely. A test by name covers each; `package.json` pins the minor version. */
interface ClientProtocol {
  /** Replaced before each attempt to connect. */
  parser: ClientParser;
  push(parsed: unknown): void;
  disconnect(): void;
  _doDial(server: unknown): Promise<void>;
}

interface ClientParser {
  parse(bytes: Uint8Array): void;
}

/**
 * Guards the client's read loop. Without it, an exception ends the loop: the connection is deaf until a heartbeat is missed,
 * and the client prints the current bytes, which may be events, to standard output.
 */
export function guardClient(nats: NatsConnection, events: ClientEvents): void {
  // The client's types leave out the property with its protocol handler.
  const { protocol } = nats as unknown as { protocol: ClientProtocol };
  guardPush(protocol, events);
  guardParsers(protocol, events);
  watchAttempts(protocol, events);
}

function guardPush(protocol: ClientProtocol, events: ClientEvents): void {
  const push = protocol.push.bind(protocol);
  protocol.push = (parsed) => {
    try {
      push(parsed);
    } catch (error) {
      events.threw(error);
    }
  };
}

function guardParsers(protocol: ClientProtocol, events: ClientEvents): void {
  let current = guardParser(protocol.parser, protocol, events);
  Object.defineProperty(protocol, 'parser', {
    configurable: true,
    get: () => current,
    set: (next: ClientParser) => {
      current = guardParser(next, protocol, events);
    },
  });
}

function guardParser(parser: ClientParser, protocol: ClientProtocol, events: ClientEvents): ClientParser {
  const parse = parser.parse.bind(parser);
  let damaged = false;
  parser.parse = (bytes) => {
    if (damaged) return; // The bytes after the damaged ones make no sense either.
    try {
      parse(bytes);
    } catch (error) {
      damaged = true;
      events.damaged(whereOf(error));
      protocol.disconnect();
    }
  };
  return parser;
}

/** Without the bytes after the colon, which may be part of an event. */
function whereOf(error: unknown): string {
  return error instanceof Error ? (error.message.split(':', 1)[0] ?? '') : 'unknown';
}

function watchAttempts(protocol: ClientProtocol, events: ClientEvents): void {
  const dial = protocol._doDial.bind(protocol);
  protocol._doDial = async (server) => {
    try {
      await dial(server);
    } catch (error) {
      events.attemptFailed(error);
      throw error;
    }
  };
}
