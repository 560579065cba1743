import { decodeHeaderValue, encodeHeaderValue, type Headers } from './headers.js';

/** An event as bytes, ready to be published. */
export interface WireEvent {
  readonly subject: string;
  readonly headers: Uint8Array;
  readonly body: Uint8Array;
}

/** Puts one event's metadata and body into bytes; made once for each event that a service fires. */
export type Encoder = (event: { id: string; firedAt: Date; text: string }) => WireEvent;

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
  return ({ id, firedAt, text }) => {
    if (firedAt.getTime() !== millisecond) {
      millisecond = firedAt.getTime();
      time = firedAt.toISOString();
    }
    const safeId = encodeHeaderValue(id);
    const headers = `${head}${safeId}\r\nce-id: ${safeId}\r\nce-time: ${time}\r\n\r\n`;
    return { subject, headers: Buffer.from(headers, 'latin1'), body: Buffer.from(text, 'utf8') };
  };
}

/** What an event's headers say of it; whatever they leave out or get wrong comes from the delivery. */
export interface Metadata {
  readonly id: string;
  readonly version: number;
  readonly firedAt: Date;
  /** The firing service as `/<service>`; undefined if the sender did not say. */
  readonly source: string | undefined;
}

/** Where and when the stream stored an event. */
export interface StoredAt {
  readonly stream: string;
  readonly sequence: number;
  /** Nanoseconds since 1970, as the server writes them: more digits than a number holds. */
  readonly timestamp: string;
}

/** Reads metadata tolerantly: an event published by hand, without any header, has an id and a time too. */
export function decodeMetadata(headers: Headers, stored: StoredAt): Metadata {
  const id = headers['ce-id'];
  const time = headers['ce-time'];
  const source = headers['ce-source'];
  const version = Number(headers['ce-apiversion']);
  const firedAt = new Date(time === undefined ? Number.NaN : decodeHeaderValue(time));
  return {
    id: id ? decodeHeaderValue(id) : `${stored.stream}:${stored.sequence}`,
    version: Number.isSafeInteger(version) && version > 0 ? version : 1,
    firedAt: Number.isNaN(firedAt.getTime()) ? timeOf(stored) : firedAt,
    source: source ? decodeHeaderValue(source) : undefined,
  };
}

/** When the stream stored an event. */
export function timeOf(stored: StoredAt): Date {
  return new Date(Number(stored.timestamp.slice(0, -6)));
}
