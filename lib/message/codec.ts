import { decodeHeaderValue, encodeHeaderValue, type Headers } from './headers.js';

/** An event as bytes, ready to be published. */
export interface WireEvent {
  readonly subject: string;
  readonly headers: Uint8Array;
  readonly body: Uint8Array;
}

/** Puts one event's metadata and body into bytes; made once for each event that a service fires. */
export type Encoder = (event: {
  readonly id: string;
  readonly firedAt: Date;
  readonly text: string;
  /** Further headers, which were checked. */
  readonly headers: Readonly<Record<string, string>> | undefined;
}) => WireEvent;

/** The headers of section "on the wire" of the architecture, as a template: only three values differ between two events. */
export function createEncoder(event: {
  subject: string;
  serviceName: string;
  apiName: string;
  eventName: string;
  version: number;
}): Encoder {
  const { subject, serviceName, apiName, eventName, version } = event;
  const head =
    `NATS/1.0\r\nce-specversion: 1.0\r\nce-source: /${serviceName}\r\nce-type: ${apiName}.${eventName}\r\n` +
    `ce-apiversion: ${version}\r\ncontent-type: application/json\r\nNats-Msg-Id: ${eventName}:`;
  // Many events are fired in one millisecond; its text need not be made for each.
  let millisecond = Number.NaN;
  let time = '';
  return ({ id, firedAt, text, headers: further }) => {
    if (firedAt.getTime() !== millisecond) {
      millisecond = firedAt.getTime();
      time = firedAt.toISOString();
    }
    const safeId = encodeHeaderValue(id);
    const headers = `${head}${safeId}\r\nce-id: ${safeId}\r\nce-time: ${time}\r\n`;
    const body = Buffer.from(text, 'utf8');
    if (further === undefined) return { subject, headers: Buffer.from(`${headers}\r\n`, 'latin1'), body };
    const lines = Object.entries(further).map(([name, value]) => `${name}: ${value}\r\n`);
    return { subject, headers: Buffer.from(`${headers}${lines.join('')}\r\n`, 'utf8'), body };
  };
}

/** Where and when the stream stored an event. */
export interface StoredAt {
  readonly stream: string;
  readonly sequence: number;
  /** Nanoseconds since 1970, as the server writes them: more digits than a number holds. */
  readonly timestamp: string;
}

// What an event's headers say of it is read tolerantly, and one by one, for most handlers ask for little of it. Whatever
// they leave out or get wrong comes from the delivery: an event published by hand, without any header, has an id and a time too.

/** The event's id; `<stream>:<sequence>` where the sender gave none. */
export function readId(headers: Headers, stored: StoredAt): string {
  const id = headers['ce-id'];
  return id ? decodeHeaderValue(id) : `${stored.stream}:${stored.sequence}`;
}

/** The version of the API; 1 where the sender gave none. */
export function readVersion(headers: Headers): number {
  const version = Number(headers['ce-apiversion']);
  return Number.isSafeInteger(version) && version > 0 ? version : 1;
}

/** When the event was fired; by the server's clock where the sender did not say. */
export function readFiredAt(headers: Headers, stored: StoredAt): Date {
  const time = headers['ce-time'];
  const firedAt = new Date(time === undefined ? Number.NaN : decodeHeaderValue(time));
  return Number.isNaN(firedAt.getTime()) ? timeOf(stored) : firedAt;
}

/** The firing service as `/<service>`; undefined if the sender did not say. */
export function readSource(headers: Headers): string | undefined {
  const source = headers['ce-source'];
  return source ? decodeHeaderValue(source) : undefined;
}

/** When the stream stored an event. */
export function timeOf(stored: StoredAt): Date {
  return new Date(Number(stored.timestamp.slice(0, -6)));
}
