import type { StreamSpec } from '../broker/broker.js';
import { within } from '../broker/wait.js';
import type { ApiDefinition, EventDefinition } from '../definition/api.js';
import { toMilliseconds } from '../duration.js';
import { EventFireTimeout, UnknownApi, ValidationError } from '../errors.js';
import { type EncodedBody, encodeBody, MalformedBody } from '../message/body.js';
import { createEncoder, type WireEvent } from '../message/codec.js';
import type { EventMessage } from '../message/message.js';
import { checkApiName, checkEventName, subjectOf } from '../names.js';
import type { Contract } from '../schema/contract.js';
import { pointer } from '../schema/walk.js';
import type { Contracts } from './contracts.js';
import { readArguments } from './fire-options.js';
import type { Hooks } from './hooks.js';
import type { Lifecycle, Opened } from './lifecycle.js';
import { type EventSource, type FireWaitOptions, Outgoing, type Prepared } from './outgoing.js';
import type { Streams } from './streams.js';
import { Turns } from './turns.js';
import { eventNotFound } from './worker/registry.js';

/** Kept free in a message, so that the same event fits as a dead letter, which has more headers. */
const RESERVE_BYTES = 16 * 1024;
/** What a closing bus gives to events that are not on their way yet. */
const CLOSING_GRACE_MS = 1000;

export interface FirerDependencies {
  readonly apis: ReadonlyMap<string, ApiDefinition>;
  readonly contracts: Contracts;
  readonly streams: Streams;
  readonly hooks: Hooks;
  readonly lifecycle: Lifecycle;
}

/** Fires events: look up, check names, fill defaults in, validate, encode, publish, confirm. */
export class Firer {
  readonly #parts: FirerDependencies;
  readonly #sources = new Map<EventDefinition, EventSource>();
  readonly #ensured = new Set<StreamSpec>();
  readonly #turns = new Map<string, Turns>();
  #pending = 0;
  #whenIdle: (() => void) | undefined;

  constructor(parts: FirerDependencies) {
    this.#parts = parts;
  }

  /** Rejects rather than throws. What the caller changes after this call changes nothing. */
  fire(apiName: string, eventName: string, args: readonly unknown[]): Promise<EventMessage> {
    let event: Outgoing;
    try {
      this.#parts.lifecycle.checkNotClosed();
      event = this.#read(apiName, eventName, args);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#pending += 1;
    const { opened } = this.#parts.lifecycle;
    const { prepared, turns } = event.source;
    const atOnce = turns.free && !this.#parts.hooks.has('beforeEventSent');
    return opened !== undefined && prepared !== undefined && atOnce && this.#ensured.has(prepared.stream)
      ? this.#publish(event, prepared, opened, waitOptionsOf(event, prepared))
      : this.#sendInTurn(event);
  }

  #ended(): void {
    this.#pending -= 1;
    if (this.#pending === 0) this.#whenIdle?.();
  }

  /** Resolves when nothing is being fired, or after a second: without a server there is nothing to wait for. */
  idle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSING_GRACE_MS);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Everything that needs no connection, within the call itself. */
  #read(apiName: string, eventName: string, args: readonly unknown[]): Outgoing {
    const source = this.#sourceOf(this.#find(apiName, eventName));
    const { definition, contract, prepared } = source;
    const [given = {}, options] = readArguments(definition, args);
    const body = encode(definition, contract.complete(given), contract.untyped);
    const validated = prepared?.validate === true;
    if (validated) contract.validateFired(body.value);
    return new Outgoing(source, options, body, validated);
  }

  #sourceOf(definition: EventDefinition): EventSource {
    const known = this.#sources.get(definition);
    if (known !== undefined) return known;
    const { apiName, name } = definition;
    const turns = this.#turns.get(apiName) ?? new Turns();
    this.#turns.set(apiName, turns);
    const contract = this.#parts.contracts.of(apiName, name) as Contract; // The definition is there, so its contract is.
    const source: EventSource = { definition, contract, turns, prepared: undefined };
    this.#sources.set(definition, source);
    return source;
  }

  /** Opens what is not open, runs hooks, and publishes after what was fired before. */
  async #sendInTurn(event: Outgoing): Promise<EventMessage> {
    const { lifecycle, hooks } = this.#parts;
    const { source } = event;
    const turn = source.turns.take();
    let isPublishing = false;
    try {
      const opened = lifecycle.opened ?? (await lifecycle.open());
      source.prepared ??= this.#prepare(source, opened);
      const { prepared } = source;
      if (prepared.validate && !event.validated) source.contract.validateFired(event.value);
      const waitOptions = waitOptionsOf(event, prepared);
      const before = hooks.has('beforeEventSent') ? hooks.run('beforeEventSent', event.outgoing()) : undefined;
      if (before !== undefined) await within(before, waitOptions, () => hookTimeout(event, 'beforeEventSent'));
      if (!this.#ensured.has(prepared.stream)) await this.#ensure(prepared.stream, opened, waitOptions);
      await within(turn.reached, waitOptions, () => queueTimeout(event));
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
      const { id, text, options, source } = event;
      const wire = prepared.encode({ id, firedAt: new Date(), text, headers: options.headers });
      checkSize(wire, source.definition, opened.broker.maxPayload);
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

  #find(apiName: string, eventName: string): EventDefinition {
    const api = this.#parts.apis.get(apiName);
    if (api === undefined) {
      checkApiName(apiName);
      const known = [...this.#parts.apis.keys()].join(', ') || 'none';
      throw new UnknownApi(
        `API "${apiName}" is not registered (registered: ${known}); pass its class to create({ apis: [...] }), for only its owner fires its events`,
      );
    }
    const event = api.events.get(eventName);
    if (event !== undefined) return event;
    checkEventName(apiName, eventName);
    throw eventNotFound(api, eventName);
  }

  #prepare({ definition }: EventSource, { config }: Opened): Prepared {
    const { apiName, name: eventName, version } = definition;
    const { eventFireTimeout, validate } = config.api(apiName);
    const subject = subjectOf(config.prefix, apiName, eventName);
    return {
      encode: createEncoder({ subject, serviceName: config.serviceName, apiName, eventName, version }),
      stream: this.#parts.streams.ofApi(config, apiName),
      validate: validate.outgoing,
      timeout: eventFireTimeout,
    };
  }

  async #ensure(stream: StreamSpec, { broker }: Opened, waitOptions: FireWaitOptions): Promise<void> {
    await broker.connect(waitOptions);
    await broker.ensureStream(stream, waitOptions);
    this.#ensured.add(stream);
  }

  /** The event is stored by now: a hook that fails or takes too long must not make the caller fire it again. */
  async #afterSent({ id, source }: Outgoing, after: Promise<void>, waitOptions: FireWaitOptions): Promise<void> {
    const fields = { event: fullName(source), eventId: id };
    const { logger } = this.#parts.lifecycle;
    const failed = (err: unknown) =>
      logger.error({ ...fields, err }, 'A hook afterEventSent failed; the event is stored');
    const outlasted = 'A hook afterEventSent has outlasted the timeout of the fire; the event is stored';
    await within(after.catch(failed), waitOptions, () => new Error(outlasted)).catch(() =>
      logger.warn(fields, outlasted),
    );
  }
}

function waitOptionsOf({ options, source }: Outgoing, { timeout }: Prepared): FireWaitOptions {
  const { apiName, name } = source.definition;
  const given = options.timeout;
  const wait = given === undefined ? timeout : toMilliseconds(given, `fire of ${apiName}.${name}: timeout`);
  return { deadline: performance.now() + wait, signal: options.signal };
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

function encode(definition: EventDefinition, parameters: object, untyped: ReadonlySet<string>): EncodedBody {
  try {
    return encodeBody(parameters, untyped);
  } catch (cause) {
    if (!(cause instanceof MalformedBody)) throw cause;
    const message = `the body ${cause.message}`;
    throw new ValidationError(`Event ${definition.apiName}.${definition.name} cannot be fired: ${message}`, {
      cause,
      issues: [{ path: pointer(cause.steps), keyword: 'json', message }],
    });
  }
}

function checkSize(wire: WireEvent, { apiName, name }: EventDefinition, maxPayload = Number.POSITIVE_INFINITY): void {
  const size = wire.headers.length + wire.body.length;
  const largest = maxPayload - RESERVE_BYTES;
  if (size <= largest) return;
  const message = `it has ${size} bytes with its headers, and ${largest} fit (the server's max_payload of ${maxPayload} less ${RESERVE_BYTES}, which a dead letter needs)`;
  throw new ValidationError(
    `Event ${apiName}.${name} is too large: ${message}; keep the large value elsewhere and send a reference to it`,
    {
      issues: [{ path: '', keyword: 'maxPayload', message }],
    },
  );
}
