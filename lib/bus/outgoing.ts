import { v7 as uuidv7 } from 'uuid';
import type { StreamSpec } from '../broker/broker.js';
import type { EventDefinition } from '../definition/api.js';
import type { EncodedBody } from '../message/body.js';
import type { Encoder } from '../message/codec.js';
import type { EventMessage, NativeId, OutgoingEvent } from '../message/message.js';
import type { Contract } from '../schema/contract.js';
import type { FireOptions } from './handles.js';

/** Until when a fire may take, and what ends it sooner. */
export interface FireWaitOptions {
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** What firing one event needs of the configuration, worked out once. */
export interface Prepared {
  readonly encode: Encoder;
  readonly stream: StreamSpec;
  readonly validate: boolean;
  readonly timeout: number;
}

/** An event that this bus fires. */
export interface EventSource {
  readonly definition: EventDefinition;
  readonly contract: Contract;
  /** Undefined until the bus is open. */
  prepared: Prepared | undefined;
}

/** One event between the call that fired it and its confirmation. Nothing in it is what the caller gave. */
export class Outgoing {
  readonly id: string;
  readonly source: EventSource;
  readonly options: FireOptions;
  readonly text: string;
  /** What the text says, a copy of what was given. */
  readonly value: Record<string, unknown>;
  /** Whether the text is known to fit the schema. */
  readonly validated: boolean;

  constructor(source: EventSource, options: FireOptions, body: EncodedBody, validated: boolean) {
    this.id = options.id ?? uuidv7();
    this.source = source;
    this.options = options;
    this.text = body.text;
    this.value = body.value;
    this.validated = validated;
  }

  /** What hooks see; parameters of their own. */
  outgoing(): OutgoingEvent {
    const { id, source, text } = this;
    const { apiName, name: eventName, version } = source.definition;
    const parameters = source.contract.decode(JSON.parse(text) as Record<string, unknown>);
    return { id, apiName, eventName, version, parameters };
  }

  /** What hooks see once the event is stored; parameters of their own. */
  storedForHooks(nativeId: NativeId, duplicate: boolean): EventMessage {
    return { ...this.outgoing(), nativeId, duplicate };
  }

  /** What the caller gets once the event is stored. */
  stored(nativeId: NativeId, duplicate: boolean): EventMessage {
    const { id, source, value } = this;
    const { apiName, name: eventName, version } = source.definition;
    const parameters = source.contract.decode(value);
    // Spelt out: spreading an object takes longer than all that is around it here.
    return { id, apiName, eventName, version, parameters, nativeId, duplicate };
  }
}
