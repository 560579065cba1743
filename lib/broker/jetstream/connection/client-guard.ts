import type { NatsConnection } from 'nats';

/** What happens inside the client that it tells nobody, or only the console. */
export interface ClientEvents {
  /** The server's bytes do not follow its protocol. The connection is dropped, and the client connects again. */
  damaged(where: string): void;
  /** An attempt to connect again failed. */
  attemptFailed(error: unknown): void;
  /** Something threw while a message was handed over. */
  threw(error: unknown): void;
}

/** The parts of the client that are not public and that we rely on. Each has a test of its own name; `package.json` pins the minor version. */
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
 * Puts a guard around the client's read loop. Without it, an exception in there ends the loop: the connection is deaf until
 * a heartbeat misses, and the client prints the bytes at hand, which may be events, to standard output.
 */
export function guardClient(nats: NatsConnection, events: ClientEvents): void {
  // The client has its protocol handler as a property that its types leave out.
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
    if (damaged) return; // What follows cannot be told apart from what was damaged.
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

/** The client puts the bytes behind a colon; they may be part of an event. */
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
