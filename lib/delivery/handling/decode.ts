import type { Delivery } from '../../broker/broker.js';
import { decodeBody, MalformedBody } from '../../message/body.js';
import { hintAbout } from '../../message/body-hint.js';
import { readId } from '../../message/codec.js';
import type { Headers } from '../../message/headers.js';
import { namesOrigin, originOf } from '../../message/replay.js';
import type { Contract } from '../../schema/contract.js';
import { Received } from '../received.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';

/** An event of a listener: its name, and its contract if that is known. */
export interface DueEvent {
  readonly apiName: string;
  readonly eventName: string;
  /** Undefined: the event is unknown, so nothing is checked. */
  readonly contract: Contract | undefined;
  readonly validate: boolean;
}

/** Returns the event of a subject; undefined if the listener does not listen to it. */
export type Lookup = (subject: string) => DueEvent | undefined;

/** A delivery that no handler may see, and that no retry can repair. The message completes "The event ...". */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** A delivery of an event to which the listener does not listen: somebody changed the filter of its durable. */
export class UnexpectedSubject extends Error {
  override readonly name = 'UnexpectedSubject';
}

/** Whether the listener listens to events of this subject. */
export function isExpected(held: PendingDelivery, lookup: Lookup): boolean {
  const { delivery } = held;
  return lookup(held.replayed ? originOf(delivery.headers(), delivery).subject : delivery.subject) !== undefined;
}

/**
 * Decodes an event. Tolerates what a newer or a foreign producer sends, and refuses what could harm a handler.
 *
 * @throws UnexpectedSubject; Undeliverable, with the cause
 */
export function decode(held: PendingDelivery, lookup: Lookup): Received {
  const { delivery } = held;
  const origin = held.replayed ? originOf(delivery.headers(), delivery) : delivery;
  const due = lookup(origin.subject);
  if (due === undefined)
    throw new UnexpectedSubject(`The subject ${origin.subject.slice(0, 200)} is none that this listener asked for`);
  if (held.replayed && !namesOrigin(delivery.headers()))
    throw new Undeliverable('was put among the replays by something that is not lightbus');
  return new Received({
    apiName: due.apiName,
    eventName: due.eventName,
    parameters: decodeParameters(delivery, due),
    attempt: held.attempt,
    replayed: held.replayed,
    origin,
    delivery,
  });
}

function decodeParameters(delivery: Delivery, due: DueEvent): Record<string, unknown> {
  try {
    const body = decodeBody(delivery.body);
    refuseAnswers(body, delivery);
    if (due.contract === undefined) return body;
    const parameters = due.contract.withDefaults(body);
    if (due.validate) due.contract.validateReceived(parameters);
    return due.contract.decode(parameters);
  } catch (cause) {
    if (cause instanceof Undeliverable) throw cause;
    const problem = cause instanceof MalformedBody ? `has a body that ${cause.message}` : (cause as Error).message;
    const hint = hintAbout(delivery.body, delivery.headers());
    throw new Undeliverable(hint === undefined ? problem : `${problem} (${hint})`, { cause });
  }
}

/**
 * Whether this is an answer of JetStream. Everybody with the right to send a request can direct its answer to any subject,
 * by the reply subject. It has no headers, unlike events of lightbus, and an open schema may accept it.
 */
function refuseAnswers(body: Record<string, unknown>, delivery: Delivery): void {
  const { type } = body;
  if (typeof type !== 'string' || !type.startsWith('io.nats.jetstream.api.v1.')) return;
  if (Object.keys(delivery.headers()).length === 0)
    throw new Undeliverable("is JetStream's own answer to a request whose sender had it sent here");
}

/** What is known of a delivery that could not be decoded. */
export function identify(held: PendingDelivery): { id: string; headers: Headers } {
  const headers = held.delivery.headers();
  return { id: readId(headers, held.delivery), headers };
}
