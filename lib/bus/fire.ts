import { v7 as uuidv7 } from 'uuid';
import type { StreamSpec } from '../broker/broker.js';
import type { ApiDefinition, EventDefinition } from '../definition/api.js';
import { toMilliseconds } from '../duration.js';
import { InvalidEventArguments, UnknownApi, ValidationError } from '../errors.js';
import { type EncodedBody, encodeBody, MalformedBody } from '../message/body.js';
import { createEncoder, type Encoder, type WireEvent } from '../message/codec.js';
import type { EventMessage } from '../message/message.js';
import { checkApiName, checkEventName, subjectOf } from '../names.js';
import type { Contract } from '../schema/contract.js';
import type { Contracts } from './contracts.js';
import { checkFireOptions } from './fire-options.js';
import type { FireOptions } from './handles.js';
import type { Hooks } from './hooks.js';
import type { Lifecycle, Opened } from './lifecycle.js';
import { eventNotFound } from './registry.js';
import type { Streams } from './streams.js';

/** Kept free in a message, so that the same event fits as a dead letter, which has more headers. */
const RESERVE_BYTES = 16 * 1024;
/** What a closing bus gives to events that are not on their way yet. */
const CLOSING_GRACE_MS = 1000;
const NO_OPTIONS: FireOptions = Object.freeze({});

/** What firing one event needs, worked out once. */
interface Prepared {
  readonly definition: EventDefinition;
  readonly contract: Contract;
  readonly encode: Encoder;
  readonly stream: StreamSpec;
  readonly validate: boolean;
  readonly timeout: number;
}

export interface FirerParts {
  readonly apis: ReadonlyMap<string, ApiDefinition>;
  readonly contracts: Contracts;
  readonly streams: Streams;
  readonly hooks: Hooks;
  readonly lifecycle: Lifecycle;
}

/** Fires events: look up, check names, fill defaults in, validate, encode, publish, confirm. */
export class Firer {
  readonly #parts: FirerParts;
  readonly #prepared = new Map<EventDefinition, Prepared>();
  readonly #ensured = new Set<StreamSpec>();
  #pending = 0;
  #whenIdle: (() => void) | undefined;

  constructor(parts: FirerParts) {
    this.#parts = parts;
  }

  async fire(apiName: string, eventName: string, args: readonly unknown[]): Promise<EventMessage> {
    this.#parts.lifecycle.checkNotClosed();
    this.#pending += 1;
    try {
      return await this.#fire(apiName, eventName, args);
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#whenIdle?.();
    }
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

  async #fire(apiName: string, eventName: string, args: readonly unknown[]): Promise<EventMessage> {
    const { lifecycle, hooks } = this.#parts;
    const definition = this.#find(apiName, eventName);
    const [given = {}, options] = readArguments(definition, args);
    const opened = lifecycle.opened ?? (await lifecycle.open());
    const prepared = this.#prepare(definition, opened);
    const timeout =
      options.timeout === undefined
        ? prepared.timeout
        : toMilliseconds(options.timeout, `fire of ${apiName}.${eventName}: timeout`);
    const patience = { deadline: performance.now() + timeout, signal: options.signal };
    const body = readParameters(prepared, given);
    const event = {
      id: options.id ?? uuidv7(),
      apiName,
      eventName,
      version: definition.version,
      parameters: body.value,
    };
    const before = hooks.run('beforeEventSent', event);
    if (before !== undefined) await before;
    const wire = prepared.encode({ id: event.id, firedAt: new Date(), text: body.text });
    if (!this.#ensured.has(prepared.stream)) await this.#ensure(prepared.stream, opened, patience);
    checkSize(wire, definition, opened.broker.maxPayload);
    const { stream, sequence, duplicate } = await opened.broker.publish(wire, prepared.stream, patience);
    // Spelt out: spreading an object takes longer than all that is around it here.
    const { id, version, parameters } = event;
    const message: EventMessage = {
      id,
      apiName,
      eventName,
      version,
      parameters,
      nativeId: { stream, sequence },
      duplicate,
    };
    const after = hooks.run('afterEventSent', message);
    if (after !== undefined) await this.#afterSent(message, after);
    return message;
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

  #prepare(definition: EventDefinition, { config }: Opened): Prepared {
    const known = this.#prepared.get(definition);
    if (known !== undefined) return known;
    const { apiName, name: eventName, version } = definition;
    const { eventFireTimeout, validate } = config.api(apiName);
    const subject = subjectOf(config.prefix, apiName, eventName);
    const prepared: Prepared = {
      definition,
      contract: this.#parts.contracts.of(apiName, eventName) as Contract, // The definition is there, so its contract is.
      encode: createEncoder({ subject, serviceName: config.serviceName, apiName, eventName, version }),
      stream: this.#parts.streams.ofApi(config, apiName),
      validate: validate.outgoing,
      timeout: eventFireTimeout,
    };
    this.#prepared.set(definition, prepared);
    return prepared;
  }

  async #ensure(
    stream: StreamSpec,
    { broker }: Opened,
    patience: { deadline: number; signal: AbortSignal | undefined },
  ): Promise<void> {
    await broker.connect(patience);
    await broker.ensureStream(stream, patience);
    this.#ensured.add(stream);
  }

  /** The event is stored by now: a failing hook must not make the caller fire it again. */
  async #afterSent(message: EventMessage, after: Promise<void>): Promise<void> {
    try {
      await after;
    } catch (error) {
      this.#parts.lifecycle.logger.error(
        { event: `${message.apiName}.${message.eventName}`, eventId: message.id, err: error },
        'A hook afterEventSent failed; the event is stored',
      );
    }
  }
}

function readArguments(definition: EventDefinition, args: readonly unknown[]): [given: unknown, options: FireOptions] {
  if (args.length === 1) return [args[0], NO_OPTIONS];
  const name = `${definition.apiName}.${definition.name}`;
  const options = args[1] ?? {};
  if (args.length > 2 || typeof options !== 'object') {
    throw new InvalidEventArguments(
      `Event ${name} was fired with ${args.length} arguments; give its parameters by name, in one object, and then options, if any: ` +
        `fire({ ${[...definition.parameters.keys()].join(', ')} }, { id: '…' })`,
    );
  }
  checkFireOptions(name, options);
  return [args[0], options as FireOptions];
}

function readParameters(prepared: Prepared, given: unknown): EncodedBody {
  const { contract, definition, validate } = prepared;
  const body = encode(definition, contract.complete(given));
  if (validate) contract.validateFired(body.value);
  return body;
}

function encode(definition: EventDefinition, parameters: object): EncodedBody {
  try {
    return encodeBody(parameters);
  } catch (cause) {
    if (!(cause instanceof MalformedBody)) throw cause;
    const message = `the body ${cause.message}`;
    throw new ValidationError(`Event ${definition.apiName}.${definition.name} cannot be fired: ${message}`, {
      cause,
      issues: [{ path: '', keyword: 'json', message }],
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
