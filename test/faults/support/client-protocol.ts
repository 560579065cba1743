const LINE_END = Buffer.from('\r\n');

/** One operation of the NATS protocol as a client sends it, e.g. a PUB with its payload. */
export interface Operation {
  /** The line without its end, e.g. `PUB lightbus.auth.user_created _INBOX.x 12`. */
  readonly line: string;
  /** Line, payload and ends. */
  readonly bytes: Buffer;
}

/** Cuts what a client sends into operations, however the network cut it up. */
export function createOperationReader(): (chunk: Buffer) => Operation[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const operations: Operation[] = [];
    for (let operation = readOne(rest); operation !== undefined; operation = readOne(rest)) {
      operations.push(operation);
      rest = rest.subarray(operation.bytes.length);
    }
    return operations;
  };
}

function readOne(bytes: Buffer): Operation | undefined {
  const end = bytes.indexOf(LINE_END);
  if (end < 0) return undefined;
  const line = bytes.toString('latin1', 0, end);
  // PUB and HPUB end with the size of what follows.
  const payload = /^H?PUB /i.test(line) ? Number(line.slice(line.lastIndexOf(' ') + 1)) + LINE_END.length : 0;
  const length = end + LINE_END.length + payload;
  return bytes.length < length ? undefined : { line, bytes: bytes.subarray(0, length) };
}

/** Whether an operation acknowledges a delivery, for good (`+ACK`): not what gives back or renews. */
export function isAck({ line, bytes }: Operation): boolean {
  return /^PUB \$JS\.ACK\./.test(line) && bytes.toString('latin1', line.length + LINE_END.length).startsWith('+ACK');
}
