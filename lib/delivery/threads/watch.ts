import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../clock.js';
import type { Received } from '../received.js';
import { packError } from './error.js';

/** How long an aborted handler has to end; less than the loop waits for it. */
export const GRACE_MS = 500;

/** Watches one run of a handler in a thread: aborts it in time, and has its thread ended if it goes on. */
export class ThreadWatch {
  /** Set after `handlerTimeout`. */
  timedOut: Error | undefined;
  readonly #clock: Clock;
  readonly #event: Received;
  readonly #port: MessagePort;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;

  /** @param port tells this side that the handler begins, and the thread that it must stop */
  constructor(clock: Clock, event: Received, port: MessagePort, handlerTimeout: number | undefined) {
    this.#clock = clock;
    this.#event = event;
    this.#port = port;
    event.signal.addEventListener('abort', this.#stop, { once: true });
    port.on('message', () => {
      if (handlerTimeout !== undefined) this.#limit(handlerTimeout);
    });
  }

  /** Aborted when the thread must be ended. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  close(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#clock.clearTimeout(this.#grace);
    this.#event.signal.removeEventListener('abort', this.#stop);
    this.#port.close();
  }

  #limit(handlerTimeout: number): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.timedOut = new Error(`The handler did not end within its handlerTimeout of ${handlerTimeout} ms`);
      this.#event.abort(this.timedOut);
    }, handlerTimeout);
  }

  readonly #stop = (): void => {
    this.#port.postMessage(packError(this.#event.signal.reason));
    this.#grace = this.#clock.setTimeout(() => this.#ending.abort(), GRACE_MS);
  };
}
