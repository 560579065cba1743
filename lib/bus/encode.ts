import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { ApiDefinition, EventDefinition } from '../definition/api.js';
import { UnknownApi, ValidationError } from '../errors.js';
import { type EncodedBody, encodeBody, MalformedBody } from '../message/body.js';
import { createEncoder, type WireEvent } from '../message/codec.js';
import { checkApiName, checkEventName, subjectOf } from '../names.js';
import type { Contract } from '../schema/contract.js';
import { pointer } from '../schema/walk.js';
import type { Contracts } from './contracts.js';
import { readArguments } from './fire-options.js';
import { type EventSource, Outgoing, type Prepared } from './outgoing.js';
import type { Streams } from './streams.js';
import { eventNotFound } from './worker/registry.js';

/** Kept free in a message, so that the same event fits as a dead letter, which has more headers. */
const RESERVE_BYTES = 16 * 1024;

/** Turns the arguments of a fire into an event, and the event into bytes. Needs no connection. */
export class EventEncoder {
  readonly #apis: ReadonlyMap<string, ApiDefinition>;
  readonly #contracts: Contracts;
  readonly #streams: Streams;
  readonly #sources = new Map<EventDefinition, EventSource>();

  constructor(options: {
    readonly apis: ReadonlyMap<string, ApiDefinition>;
    readonly contracts: Contracts;
    readonly streams: Streams;
  }) {
    this.#apis = options.apis;
    this.#contracts = options.contracts;
    this.#streams = options.streams;
  }

  /**
   * Reads the arguments of a fire: checks names, fills defaults in, writes the body, and validates it if `prepare` has
   * been called for the event. Later changes to the arguments have no effect.
   *
   * @throws UnknownApi, EventNotFound, InvalidName, InvalidEventArguments, ValidationError
   */
  read(apiName: string, eventName: string, args: readonly unknown[]): Outgoing {
    const source = this.#sourceOf(this.#find(apiName, eventName));
    const { definition, contract, prepared } = source;
    const [given = {}, options] = readArguments(definition, args);
    const body = encodeParameters(definition, contract.complete(given), contract.untyped);
    const validated = prepared?.validate === true;
    if (validated) contract.validateFired(body.value);
    return new Outgoing(source, options, body, validated);
  }

  /** Computes, once for each event, the settings that its encoding needs. */
  prepare(source: EventSource, config: Config): Prepared {
    source.prepared ??= this.#prepare(source.definition, config);
    return source.prepared;
  }

  /** @throws ValidationError if `prepare` was called after `read`, and the values are wrong */
  validate({ source, value, validated }: Outgoing): void {
    if (source.prepared?.validate && !validated) source.contract.validateFired(value);
  }

  #prepare({ apiName, name: eventName, version }: EventDefinition, config: Config): Prepared {
    const { eventFireTimeout, validate } = config.api(apiName);
    const subject = subjectOf(config.prefix, apiName, eventName);
    return {
      encode: createEncoder({ subject, serviceName: config.serviceName, apiName, eventName, version }),
      stream: this.#streams.ofApi(config, apiName),
      validate: validate.outgoing,
      timeout: eventFireTimeout,
    };
  }

  #sourceOf(definition: EventDefinition): EventSource {
    const known = this.#sources.get(definition);
    if (known !== undefined) return known;
    const contract = this.#contracts.of(definition.apiName, definition.name) as Contract; // There is a contract for each definition.
    const source: EventSource = { definition, contract, prepared: undefined };
    this.#sources.set(definition, source);
    return source;
  }

  #find(apiName: string, eventName: string): EventDefinition {
    const api = this.#apis.get(apiName);
    if (api === undefined) {
      checkApiName(apiName);
      const known = [...this.#apis.keys()].join(', ') || 'none';
      throw new UnknownApi(
        `API "${apiName}" is not registered (registered: ${known}); pass its class to create({ apis: [...] }), for only its owner fires its events`,
      );
    }
    const event = api.events.get(eventName);
    if (event !== undefined) return event;
    checkEventName(apiName, eventName);
    throw eventNotFound(api, eventName);
  }
}

/**
 * The event as it is sent.
 *
 * @param maxPayload the largest message that the server takes, in bytes, headers included
 * @throws ValidationError if it is larger
 */
export function encode(clock: Clock, event: Outgoing, prepared: Prepared, maxPayload: number | undefined): WireEvent {
  const { id, text, options, source } = event;
  const wire = prepared.encode({ id, firedAt: new Date(clock.date()), text, headers: options.headers });
  checkSize(wire, source.definition, maxPayload);
  return wire;
}

function encodeParameters(definition: EventDefinition, parameters: object, untyped: ReadonlySet<string>): EncodedBody {
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
