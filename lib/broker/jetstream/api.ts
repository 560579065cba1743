import { ErrorCode, NatsError } from 'nats';
import { EventFireTimeout, InvalidConfiguration, type LightbusError } from '../../errors.js';
import type { Patience } from '../broker.js';
import { pause, remaining } from '../patience.js';
import type { Connection } from './connection.js';
import { explainMissingRight } from './rights.js';

const REQUEST_TIMEOUT_MS = 5000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;

/** JetStream's error numbers that we branch on; `errors.json` of nats-server lists them all. */
export const ApiCode = {
  streamNotFound: 10059,
  streamNameInUse: 10058,
  subjectsOverlap: 10065,
  consumerNotFound: 10014,
  consumerExists: 10148,
  consumerNameInUse: 10013,
  jetStreamOff: 10076,
  jetStreamOffForAccount: 10039,
} as const;

/** JetStream answered with an error. */
export class ApiError extends Error {
  override readonly name = 'JetStreamApiError';
  readonly apiCode: number;

  constructor(description: string, apiCode: number) {
    super(`${description} (${apiCode})`);
    this.apiCode = apiCode;
  }
}

/** Whether an error is JetStream's answer of that number. */
export function isApiError(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiError && codes.includes(error.apiCode);
}

/** JetStream's management requests over one connection. */
export class JetStreamApi {
  readonly #connection: Connection;
  readonly prefix: string;

  constructor(connection: Connection, options: { domain?: string | undefined; apiPrefix?: string | undefined }) {
    this.#connection = connection;
    this.prefix = options.apiPrefix ?? (options.domain ? `$JS.${options.domain}.API` : '$JS.API');
  }

  /**
   * One request; asks again while nobody answers, for JetStream is silent during elections and restarts.
   *
   * @throws ApiError for what JetStream says, LightbusError for a missing right, InvalidConfiguration where JetStream is switched off, EventFireTimeout, the signal's reason
   */
  async request<T>(operation: string, body: object | undefined, patience: Patience): Promise<T> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      const nats = await this.#connection.ready(patience);
      patience.signal?.throwIfAborted();
      try {
        return await this.once<T>(operation, body, patience);
      } catch (error) {
        if (
          isApiError(error, ApiCode.jetStreamOff, ApiCode.jetStreamOffForAccount) ||
          (isSilence(error) && nats.info?.jetstream !== true)
        ) {
          throw this.#switchedOff(error);
        }
        if (!isTransient(error)) throw error;
        const deadline = patience.deadline ?? Number.POSITIVE_INFINITY;
        if (performance.now() + wait >= deadline) throw this.#gaveUp(operation, error);
        await pause(wait, patience.signal);
      }
    }
  }

  /** One request, one answer, no second try. */
  async once<T>(operation: string, body: object | undefined, patience: Patience): Promise<T> {
    const nats = await this.#connection.ready(patience);
    const timeout = Math.max(1, Math.min(REQUEST_TIMEOUT_MS, remaining(patience.deadline ?? Number.POSITIVE_INFINITY)));
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await nats
      .request(`${this.prefix}.${operation}`, payload, { timeout })
      .catch((error: unknown) => Promise.reject(explainMissingRight(error, this.#connection.inboxPrefix)));
    return readAnswer<T>(answer.string());
  }

  /** Whether the server we are connected to belongs to a cluster. */
  async clustered(patience: Patience): Promise<boolean> {
    const { info } = await this.#connection.ready(patience);
    return Boolean(info?.cluster);
  }

  #switchedOff(cause: unknown): InvalidConfiguration {
    return new InvalidConfiguration(
      `JetStream is switched off at ${this.#connection.address}, or for this account; start nats-server with -js, or with a jetstream block in its configuration`,
      { cause },
    );
  }

  #gaveUp(operation: string, cause: unknown): LightbusError {
    return new EventFireTimeout(
      `JetStream at ${this.#connection.address} did not answer ${operation} within the timeout: ${(cause as Error).message}`,
      {
        cause,
        stored: 'no',
      },
    );
  }
}

/** @throws ApiError if the answer is one */
function readAnswer<T>(text: string): T {
  const answer = JSON.parse(text) as { error?: { code?: number; err_code?: number; description?: string } };
  if (answer.error)
    throw new ApiError(answer.error.description ?? 'unknown error', answer.error.err_code ?? answer.error.code ?? 0);
  return answer as T;
}

function isSilence(error: unknown): boolean {
  return error instanceof NatsError && error.code === ErrorCode.NoResponders;
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.apiCode === 10008 || error.apiCode === 10009; // not available just now, no leader
  return error instanceof NatsError;
}
