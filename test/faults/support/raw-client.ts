import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A message as bytes, such as no client would send. */
export interface RawMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  /** The header block with its first line and its end; undefined for none. */
  readonly headers: Uint8Array | undefined;
  readonly body: Uint8Array;
}

/** Speaks NATS by hand, so that anything can be sent. */
export interface RawClient extends AsyncDisposable {
  /** Resolves when the socket has taken it. */
  publish(message: RawMessage): Promise<void>;
  /** Resolves when the server has seen all that was sent. */
  flush(): Promise<void>;
  /** What the server objected to. */
  readonly errors: readonly string[];
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket: Socket = connect(port, '127.0.0.1');
  const errors: string[] = [];
  let pongs = 0;
  let rest = '';
  let waiting: (() => void) | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'PING') socket.write('PONG\r\n');
      else if (line === 'PONG') pongs += 1;
      else if (line.startsWith('-ERR')) errors.push(line);
    }
    waiting?.();
  });
  socket.on('error', (error) => errors.push(error.message)).on('close', () => waiting?.());
  await once(socket, 'connect');
  socket.write(
    `CONNECT ${JSON.stringify({ verbose: false, pedantic: false, headers: true, lang: 'raw', version: '0' })}\r\n`,
  );
  let pings = 0;
  return {
    errors,
    async publish({ subject, reply = '', headers, body }) {
      const sizes = headers === undefined ? `${body.length}` : `${headers.length} ${headers.length + body.length}`;
      const line = `${headers === undefined ? 'PUB' : 'HPUB'} ${subject} ${reply} ${sizes}\r\n`;
      const bytes = Buffer.concat([Buffer.from(line), headers ?? Buffer.alloc(0), body, Buffer.from('\r\n')]);
      if (!socket.write(bytes)) await once(socket, 'drain');
    },
    async flush() {
      pings += 1;
      socket.write('PING\r\n');
      while (pongs < pings) {
        if (socket.closed) throw new Error(`the server hung up: ${errors.join(', ')}`);
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
    },
    async [Symbol.asyncDispose]() {
      socket.destroy();
    },
  };
}
