import { ErrorCode, NatsError } from 'nats';
import { EventFireTimeout, InvalidConfiguration, LightbusError } from '../../../errors.js';
import type { WaitOptions } from '../../broker.js';
import { RetryDelay } from '../../retry-delay.js';
import { pause, remaining } from '../../wait.js';
import type { Connection } from './connection.js';
import { explainMissingRight } from './rights.js';

const REQUEST_TIMEOUT_MS = 5000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
/** Most restarts and elections take less. */
const TELL_SILENCE_AFTER_MS = 5000;

/** Error numbers of JetStream on which we branch; `errors.json` of nats-server has them all. */
export const ApiCode = {
  streamNotFound: 10059,
  streamNameInUse: 10058,
  subjectsOverlap: 10065,
  consumerNotFound: 10014,
  consumerExists: 10148,
  consumerNameInUse: 10013,
  noSuitablePeers: 10005,
  replicasNotSupported: 10074,
  jetStreamOff: 10076,
  jetStreamOffForAccount: 10039,
} as const;

/** JetStream answered with an error. */
export class ApiError extends LightbusError {
  /** JetStream's own number. */
  readonly apiCode: number;
  /** JetStream's description, with its number. */
  readonly reason: string;

  constructor(operation: string, description: string, apiCode: number) {
    const reason = `${description} (${apiCode})`;
    super(`JetStream refused ${operation}: ${reason}`);
    this.apiCode = apiCode;
    this.reason = reason;
  }
}

/** Whether an error is JetStream's answer of that number. */
export function isApiError(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiError && codes.includes(error.apiCode);
}

/** JetStream's management requests over one connection. */
export class JetStreamApi {
  readonly #connection: Connection;
  readonly #options: { domain?: string | undefined; apiPrefix?: string | undefined };
  readonly prefix: string;
  #silenceTold = false;

  constructor(connection: Connection, options: { domain?: string | undefined; apiPrefix?: string | undefined }) {
    this.#connection = connection;
    this.#options = options;
    this.prefix = options.apiPrefix ?? (options.domain ? `$JS.${options.domain}.API` : '$JS.API');
  }

  /**
   * Sends a request, again and again until it is answered, because JetStream is silent during elections and restarts.
   *
   * @throws ApiError for what JetStream says, LightbusError for a missing right, InvalidConfiguration where JetStream is switched off, EventFireTimeout, the signal's reason
   */
  async request<T>(operation: string, body: object | undefined, waitOptions: WaitOptions): Promise<T> {
    const began = performance.now();
    const delay = new RetryDelay(FIRST_RETRY_MS, LAST_RETRY_MS);
    for (;;) {
      const nats = await this.#connection.ready(waitOptions);
      waitOptions.signal?.throwIfAborted();
      try {
        return await this.once<T>(operation, body, waitOptions);
      } catch (error) {
        if (
          isApiError(error, ApiCode.jetStreamOff, ApiCode.jetStreamOffForAccount) ||
          (isSilence(error) && nats.info !== undefined && isAlone(nats.info))
        ) {
          throw this.#switchedOff(error);
        }
        if (!isTransient(error)) throw error;
        if (performance.now() - began >= TELL_SILENCE_AFTER_MS) this.#tellSilence(operation, error);
        const deadline = waitOptions.deadline ?? Number.POSITIVE_INFINITY;
        const wait = delay.next();
        if (performance.now() + wait >= deadline) throw this.#gaveUp(operation, error);
        await pause(wait, waitOptions.signal);
      }
    }
  }

  /** Sends a request once. */
  async once<T>(operation: string, body: object | undefined, waitOptions: WaitOptions): Promise<T> {
    const nats = await this.#connection.ready(waitOptions);
    const timeout = Math.max(
      1,
      Math.min(REQUEST_TIMEOUT_MS, remaining(waitOptions.deadline ?? Number.POSITIVE_INFINITY)),
    );
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await nats
      .request(`${this.prefix}.${operation}`, payload, { timeout })
      .catch((error: unknown) => Promise.reject(explainMissingRight(error, this.#connection.inboxPrefix)));
    return readAnswer<T>(operation, answer.string());
  }

  /**
   * Whether JetStream may run on several servers. The server of our connection knows only itself: a leaf node always names a
   * cluster, and a domain is elsewhere. The only way to find out is to try.
   */
  async mayBeClustered(waitOptions: WaitOptions): Promise<boolean> {
    const { info } = await this.#connection.ready(waitOptions);
    return Boolean(info?.cluster || this.#options.domain || this.#options.apiPrefix);
  }

  /** Logged once; the request goes on waiting, because servers restart. */
  #tellSilence(operation: string, error: unknown): void {
    if (this.#silenceTold) return;
    this.#silenceTold = true;
    const { domain, apiPrefix } = this.#options;
    const given = apiPrefix ? `nats.apiPrefix "${apiPrefix}"` : domain ? `nats.domain "${domain}"` : undefined;
    const hint = given ? `is ${given} right?` : 'does the server, or the hub behind it, have JetStream switched on?';
    this.#connection.logger.warn(
      { servers: this.#connection.address, operation, reason: (error as Error).message },
      `JetStream has not answered at ${this.prefix} for some seconds; still waiting: ${hint}`,
    );
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

/** @throws ApiError if the answer is one, or is none of JetStream's */
function readAnswer<T>(operation: string, text: string): T {
  let answer: { error?: { code?: number; err_code?: number; description?: string } } | null;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new ApiError(operation, 'the answer is not JSON; does another service answer on its subject?', 0);
  }
  const { error } = answer ?? {};
  if (error) throw new ApiError(operation, error.description ?? 'unknown error', error.err_code ?? error.code ?? 0);
  return answer as T;
}

/** Whether no other server can have JetStream in place of this one. */
function isAlone(info: { jetstream?: boolean; cluster?: string }): boolean {
  return info.jetstream !== true && info.cluster === undefined;
}

function isSilence(error: unknown): boolean {
  return error instanceof NatsError && error.code === ErrorCode.NoResponders;
}

function isTransient(error: unknown): boolean {
  if (error instanceof ApiError) return error.apiCode === 10008 || error.apiCode === 10009; // not available just now, no leader
  return error instanceof NatsError;
}
