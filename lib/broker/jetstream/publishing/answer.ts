import type { Msg } from 'nats';
import { LightbusError } from '../../../errors.js';
import type { Stored } from '../../broker.js';
import { statusOf } from '../wire/status.js';

/** A stream's answer that says no. */
export class RefusedPublish {
  readonly message: string;
  readonly apiCode: number;

  constructor(description: string, apiCode: number) {
    this.message = `${description} (${apiCode})`;
    this.apiCode = apiCode;
  }

  /**
   * What it means for the event: refused for good, not stored just now (JetStream not available, no leader, a snapshot
   * under way, out of storage, too many requests), or nothing. A cluster answers 10158 while another copy of the id is
   * being replicated: whether that copy is stored is known later.
   */
  get meaning(): 'refused' | 'not now' | 'unknown' {
    if ([10008, 10009, 10023, 10167].includes(this.apiCode)) return 'not now';
    return !(this.apiCode > 0) || this.apiCode === 10158 ? 'unknown' : 'refused';
  }

  /** @param settings where the stream is configured */
  toError(subject: string, settings: string): LightbusError {
    const remedy =
      this.apiCode === 10077 ? `; raise the limits of its stream (${settings}), or let it discard old events` : '';
    return new LightbusError(`The server refused ${subject}: ${this.message}${remedy}. It was not stored.`);
  }
}

/**
 * What a message says of a publish: stored, refused, that nobody took it in, or nothing of the kind, for whoever subscribes to
 * the subject may answer too.
 *
 * @param target the stream that alone counts; another domain may have one of the same name
 */
export function readAnswer(
  message: Msg,
  { stream, domain }: { readonly stream: string; readonly domain: string | undefined },
): Stored | RefusedPublish | 'nobody' | undefined {
  if (message.data.length === 0) return statusOf(message)?.code === 503 ? 'nobody' : undefined;
  let answer: {
    stream?: unknown;
    domain?: unknown;
    seq?: unknown;
    duplicate?: unknown;
    error?: { description?: string; err_code?: number };
  } | null;
  try {
    const { data } = message;
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length);
    answer = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  if (answer?.stream !== stream) return undefined;
  if (domain !== undefined && answer.domain !== undefined && answer.domain !== domain) return undefined;
  if (answer.error) return new RefusedPublish(String(answer.error.description), Number(answer.error.err_code));
  if (typeof answer.seq !== 'number' || !(answer.seq > 0)) return undefined;
  return { stream, sequence: answer.seq, duplicate: answer.duplicate === true };
}
