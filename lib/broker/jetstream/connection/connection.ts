import { AsyncResource } from 'node:async_hooks';
import { Events, type NatsConnection, type Status } from 'nats';
import { BusAlreadyClosed, EventFireTimeout } from '../../../errors.js';
import type { Logger } from '../../../logger.js';
import type { WaitOptions } from '../../broker.js';
import { RetryDelay } from '../../retry-delay.js';
import { pause, within } from '../../wait.js';
import { guardClient } from './client-guard.js';
import { Dialer, type DialOptions } from './dialer.js';
import { ConnectionReport } from './report.js';
import { describeMissingRight } from './rights.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2000;
const MAX_FORBIDDEN = 1000;
/** How long a stopping worker and a closing bus wait for an answer of the server; less, once it has not answered. */
const ANSWER_MS = 2500;
const ANSWER_OF_SILENT_MS = 50;

/** The events of the connection, for the other parts of the broker. */
export interface ConnectionListener {
  /** There is a connection: the first, the same one again, or (`replaced`) a new one without subscriptions. */
  connected?(nats: NatsConnection, replaced: boolean): void;
  disconnected?(): void;
  /** The server refused to let us publish or subscribe. */
  forbidden?(operation: string, subject: string): void;
}

/** One connection to NATS. It is opened on first use, reconnects forever, and is replaced if something closes it. */
export class Connection {
  readonly #options: DialOptions;
  /** Handlers run in the context in which the connection was opened, which must not be that of its first user. */
  readonly #context = new AsyncResource('lightbus');
  readonly #dialer: Dialer;
  readonly #listeners = new Set<ConnectionListener>();
  readonly #closing = new AbortController();
  /** Refusals of the server on this connection that were reported. */
  readonly #forbidden = new Set<string>();
  #nats: NatsConnection | undefined;
  #connected = false;
  #connecting: Promise<void> | undefined;
  #waiting = 0;
  /** Whether the server did not answer the last time that we waited for it. */
  #silent = false;
  #lastError: unknown;
  readonly #report: ConnectionReport;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#dialer = new Dialer(options);
    this.#report = new ConnectionReport(options.logger, this.address, () => this.#dialer.explain(this.#lastError));
  }

  /** The servers, without passwords. */
  get address(): string {
    return this.#options.nats.servers.join(', ');
  }

  /** The connection, which may be reconnecting; undefined until the first one. */
  get nats(): NatsConnection | undefined {
    return this.#nats;
  }

  get inboxPrefix(): string | undefined {
    return this.#options.nats.inboxPrefix ?? undefined;
  }

  get logger(): Logger {
    return this.#options.logger;
  }

  /** Whether something can be sent. While the connection is being closed, the client throws instead. */
  get connected(): boolean {
    return this.#connected && !this.closed && this.#nats?.isClosed() === false;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Adds a listener, which is called at once if there is a connection. Returns a function that removes it. */
  listen(listener: ConnectionListener): () => void {
    this.#listeners.add(listener);
    if (this.#nats !== undefined && this.#connected) listener.connected?.(this.#nats, true);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves to an established connection.
   *
   * @throws EventFireTimeout when the deadline passes, InvalidConfiguration when the server refuses us,
   *   the signal's reason, BusAlreadyClosed
   */
  async ready(waitOptions: WaitOptions): Promise<NatsConnection> {
    for (;;) {
      if (this.closed)
        throw new BusAlreadyClosed('The bus was closed meanwhile; await what it does, as fire, before you close it');
      if (this.#nats !== undefined && this.#connected) return this.#nats;
      waitOptions.signal?.throwIfAborted();
      this.#waiting += 1;
      try {
        this.#connecting ??=
          this.#nats === undefined
            ? this.#context.runInAsyncScope(() => this.#connect({ onceWelcome: false }))
            : this.#reconnected();
        await within(this.#connecting, waitOptions, () => this.#gaveUp());
      } finally {
        this.#waiting -= 1;
      }
    }
  }

  /** How long a stop waits for an answer, in milliseconds: short if the server has just not answered. */
  get answerTime(): number {
    return this.#silent ? ANSWER_OF_SILENT_MS : ANSWER_MS;
  }

  /** Waits for an answer, `answerTime` at most. */
  async answered(answer: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const here = answer.then(
      () => true,
      () => true, // The connection is lost, so no answer will come.
    );
    this.#silent = !(await Promise.race([here, pause(this.answerTime, over.signal).then(() => false)]));
    over.abort();
  }

  /**
   * Closes the connection, whatever the server does, after a short time for it to read what was sent.
   *
   * The client's own `drain()` waits forever for a frozen server, and reconnects if the connection is lost meanwhile.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#closing.abort();
    this.#report.stop();
    const nats = this.#nats;
    if (nats !== undefined) {
      if (this.#connected && !nats.isClosed()) await this.answered(Promise.race([nats.flush(), nats.closed()]));
      void nats.close().catch(() => undefined); // It waits for its socket, which is destroyed now.
    }
    this.#dialer.sockets.destroy();
  }

  /** @param onceWelcome whether the server has accepted these credentials before, so that a refusal may be temporary */
  async #connect({ onceWelcome }: { onceWelcome: boolean }): Promise<void> {
    try {
      const delay = new RetryDelay(FIRST_RETRY_MS, LAST_RETRY_MS);
      for (;;) {
        try {
          const nats = await this.#dialer.dial();
          if (!this.closed) this.#adopt(nats);
          else {
            await nats.close();
            this.#dialer.sockets.destroy();
          }
          return;
        } catch (error) {
          this.#lastError = error;
          this.#dialer.sockets.destroy();
          if (this.closed) return;
          if (!onceWelcome && !this.#dialer.mayPass(error)) throw this.#dialer.refusal(error);
          this.#reportLoss();
        }
        await pause(delay.next(), this.#closing.signal);
        // Nobody waits any more: a later call starts again, and the process can end.
        if (this.#waiting === 0 || this.closed) return;
      }
    } finally {
      this.#connecting = undefined;
      this.#report.stop();
    }
  }

  #adopt(nats: NatsConnection): void {
    this.#nats = nats;
    this.#connected = true;
    this.#lastError = undefined;
    this.#guard(nats);
    this.#options.logger.info({ servers: this.address, version: nats.info?.version }, 'Connected to NATS');
    this.#tell((listener) => listener.connected?.(nats, true));
    void this.#watch(nats);
  }

  #guard(nats: NatsConnection): void {
    const { logger } = this.#options;
    guardClient(nats, {
      damaged: (where) =>
        logger.error({ servers: this.address, where }, 'NATS sent bytes that are damaged; dropped the connection'),
      attemptFailed: (error) => {
        this.#lastError = error;
        this.#dialer.sockets.destroy();
      },
      threw: (error) => logger.error({ err: error }, 'A message from NATS could not be processed; it was dropped'),
    });
  }

  async #watch(nats: NatsConnection): Promise<void> {
    void nats.closed().then((error) => {
      if (this.closed) return;
      this.#lost(error ?? new Error('closed'));
      this.#options.logger.error(
        { err: error, servers: this.address },
        'The connection was closed for good; opening another one',
      );
      this.#nats = undefined;
      this.#waiting += 1; // An open bus that had a connection always wants one.
      // Those who wait for the old connection get the new one.
      this.#connecting = this.#connect({ onceWelcome: true }).finally(() => {
        this.#waiting -= 1;
      });
    });
    for await (const status of nats.status()) this.#note(nats, status);
  }

  #note(nats: NatsConnection, status: Status): void {
    if (status.type === Events.Disconnect) this.#lost(undefined);
    else if (status.type === Events.Reconnect) this.#restored(nats);
    else if (status.type === Events.Error && status.permissionContext) {
      this.#refusedRight(status.permissionContext);
    } else if (status.type === Events.Error) {
      this.#lastError = Object.assign(new Error(String(status.data)), { code: status.data });
    }
  }

  #refusedRight({ operation, subject }: { operation: string; subject: string }): void {
    // Inboxes have random names, and one right is for all of them.
    const right = operation === 'publish' ? subject : operation;
    // Reported once for each connection, because the attempts may go on forever.
    const level = this.#forbidden.has(right) ? 'debug' : 'error';
    if (this.#forbidden.size < MAX_FORBIDDEN) this.#forbidden.add(right);
    this.#options.logger[level]({ operation, subject }, describeMissingRight({ operation, subject }, this.inboxPrefix));
    this.#tell((listener) => listener.forbidden?.(operation, subject));
  }

  #lost(error: unknown): void {
    if (!this.#connected) return;
    this.#connected = false;
    // The last error of the server gives the reason, even if the loss itself does not.
    if (error !== undefined) this.#lastError = error;
    this.#reportLoss();
    this.#tell((listener) => listener.disconnected?.());
  }

  #restored(nats: NatsConnection): void {
    // The client was connecting when it was closed, and does not check that.
    if (this.closed) return this.#dialer.sockets.destroy();
    this.#forbidden.clear();
    this.#connected = true;
    this.#lastError = undefined;
    this.#report.stop();
    this.#options.logger.info({ servers: this.address }, 'Connected to NATS again');
    this.#tell((listener) => listener.connected?.(nats, false));
  }

  /** Resolves at the next reconnect, or when the bus is closed. */
  #reconnected(): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = () => {
        remove();
        this.#closing.signal.removeEventListener('abort', done);
        this.#connecting = undefined;
        resolve();
      };
      const remove = this.listen({ connected: done });
      this.#closing.signal.addEventListener('abort', done, { once: true });
    });
  }

  #tell(what: (listener: ConnectionListener) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        what(listener);
      } catch (error) {
        // A failing listener must not affect the others, nor the loop that calls them.
        this.#options.logger.error({ err: error }, 'A part of the bus failed at a change of the connection');
      }
    }
  }

  #reportLoss(): void {
    if (!this.closed) this.#report.start();
  }

  #gaveUp(): EventFireTimeout {
    const reason = this.#dialer.explain(this.#lastError);
    return new EventFireTimeout(
      `No connection to NATS at ${this.address} within the timeout${reason ? ` (${reason})` : ''}; is a server running there?`,
      { cause: this.#lastError, stored: 'no' },
    );
  }
}
