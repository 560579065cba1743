import type { StreamSpec } from '../broker/broker.js';
import { within } from '../broker/wait.js';
import type { ApiDefinition } from '../definition/api.js';
import { toMilliseconds } from '../duration.js';
import { EventFireTimeout } from '../errors.js';
import type { EventMessage } from '../message/message.js';
import type { Contracts } from './contracts.js';
import { EventEncoder, encode } from './encode.js';
import type { Hooks } from './hooks.js';
import type { Lifecycle, Opened } from './lifecycle.js';
import type { EventSource, FireWaitOptions, Outgoing, Prepared } from './outgoing.js';
import type { Streams } from './streams.js';
import { Turns } from './turns.js';

/** How long a closing bus waits for events that were not sent yet. */
const CLOSING_GRACE_MS = 1000;

export interface FirerDependencies {
  readonly apis: ReadonlyMap<string, ApiDefinition>;
  readonly contracts: Contracts;
  readonly streams: Streams;
  readonly hooks: Hooks;
  readonly lifecycle: Lifecycle;
}

/** Fires events: has them encoded, and publishes them in the order of the calls. */
export class Firer {
  readonly #parts: FirerDependencies;
  readonly #encoder: EventEncoder;
  readonly #ensured = new Set<StreamSpec>();
  /** By API: keeps the order of its events. */
  readonly #turns = new Map<string, Turns>();
  #pending = 0;
  #whenIdle: (() => void) | undefined;

  constructor(parts: FirerDependencies) {
    this.#parts = parts;
    this.#encoder = new EventEncoder(parts);
  }

  /** Never throws; it rejects. Changes to the arguments after this call have no effect. */
  fire(apiName: string, eventName: string, args: readonly unknown[]): Promise<EventMessage> {
    let event: Outgoing;
    try {
      this.#parts.lifecycle.checkNotClosed();
      event = this.#encoder.read(apiName, eventName, args);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#pending += 1;
    const { opened } = this.#parts.lifecycle;
    const { prepared } = event.source;
    const atOnce = this.#turnsOf(apiName).free && !this.#parts.hooks.has('beforeEventSent');
    return opened !== undefined && prepared !== undefined && atOnce && this.#ensured.has(prepared.stream)
      ? this.#publish(event, prepared, opened, this.#waitOptionsOf(event, prepared))
      : this.#sendInTurn(event);
  }

  #ended(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#whenIdle?.();
  }

  /** Resolves when no fire is under way, or after a second, because without a server none would end. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#parts.lifecycle.clock.setTimeout(() => resolve(), CLOSING_GRACE_MS);
      this.#whenIdle = () => {
        this.#parts.lifecycle.clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Opens the bus if needed, runs hooks, and publishes after all events that were fired before. */
  async #sendInTurn(event: Outgoing): Promise<EventMessage> {
    const { lifecycle, hooks } = this.#parts;
    const { source } = event;
    const { clock } = lifecycle;
    const turn = this.#turnsOf(source.definition.apiName).take();
    let isPublishing = false;
    try {
      const opened = lifecycle.opened ?? (await lifecycle.open());
      const prepared = this.#encoder.prepare(source, opened.config);
      this.#encoder.validate(event);
      const waitOptions = this.#waitOptionsOf(event, prepared);
      const before = hooks.has('beforeEventSent') ? hooks.run('beforeEventSent', event.outgoing()) : undefined;
      if (before !== undefined) await within(before, waitOptions, () => hookTimeout(event, 'beforeEventSent'), clock);
      if (!this.#ensured.has(prepared.stream)) await this.#ensure(prepared.stream, opened, waitOptions);
      await within(turn.reached, waitOptions, () => queueTimeout(event), clock);
      isPublishing = true;
      return this.#publish(event, prepared, opened, waitOptions);
    } finally {
      turn.end();
      if (!isPublishing) this.#ended();
    }
  }

  async #publish(
    event: Outgoing,
    prepared: Prepared,
    opened: Opened,
    waitOptions: FireWaitOptions,
  ): Promise<EventMessage> {
    try {
      const { id, source } = event;
      const wire = encode(this.#parts.lifecycle.clock, event, prepared, opened.broker.maxPayload);
      const { stream, sequence, duplicate } = await opened.broker.publish(wire, prepared.stream, waitOptions);
      const nativeId = { stream, sequence };
      const { hooks, lifecycle } = this.#parts;
      if (lifecycle.logger.debugs()) {
        lifecycle.logger.debug({ event: fullName(source), eventId: id, stream, sequence, duplicate }, 'Fired an event');
      }
      if (hooks.has('afterEventSent')) {
        const after = hooks.run('afterEventSent', event.storedForHooks(nativeId, duplicate)) as Promise<void>;
        await this.#afterSent(event, after, waitOptions);
      }
      return event.stored(nativeId, duplicate);
    } finally {
      this.#ended();
    }
  }

  #waitOptionsOf({ options, source }: Outgoing, { timeout }: Prepared): FireWaitOptions {
    const { apiName, name } = source.definition;
    const given = options.timeout;
    const wait = given === undefined ? timeout : toMilliseconds(given, `fire of ${apiName}.${name}: timeout`);
    return { deadline: this.#parts.lifecycle.clock.now() + wait, signal: options.signal };
  }

  #turnsOf(apiName: string): Turns {
    const known = this.#turns.get(apiName);
    if (known !== undefined) return known;
    const turns = new Turns();
    this.#turns.set(apiName, turns);
    return turns;
  }

  async #ensure(stream: StreamSpec, { broker }: Opened, waitOptions: FireWaitOptions): Promise<void> {
    await broker.connect(waitOptions);
    await broker.ensureStream(stream, waitOptions);
    this.#ensured.add(stream);
  }

  /** The event is stored by now: a hook that fails or takes too long must not make the caller fire it again. */
  async #afterSent({ id, source }: Outgoing, after: Promise<void>, waitOptions: FireWaitOptions): Promise<void> {
    const fields = { event: fullName(source), eventId: id };
    const { clock, logger } = this.#parts.lifecycle;
    const failed = (err: unknown) =>
      logger.error({ ...fields, err }, 'A hook afterEventSent failed; the event is stored');
    const outlasted = 'A hook afterEventSent has outlasted the timeout of the fire; the event is stored';
    await within(after.catch(failed), waitOptions, () => new Error(outlasted), clock).catch(() =>
      logger.warn(fields, outlasted),
    );
  }
}

function fullName({ definition }: EventSource): string {
  return `${definition.apiName}.${definition.name}`;
}

function hookTimeout({ source }: Outgoing, hook: string): EventFireTimeout {
  return new EventFireTimeout(
    `A hook ${hook} of ${fullName(source)} was still running when the timeout had passed. The event was not sent.`,
    { stored: 'no' },
  );
}

function queueTimeout({ source }: Outgoing): EventFireTimeout {
  return new EventFireTimeout(
    `${fullName(source)} waited for events that were fired before it until its timeout had passed. It was not sent.`,
    { stored: 'no' },
  );
}
