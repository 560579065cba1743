import type { Delivery } from '../../broker/broker.js';
import { decodeBody, MalformedBody } from '../../message/body.js';
import { hintAbout } from '../../message/body-hint.js';
import { readId } from '../../message/codec.js';
import type { Headers } from '../../message/headers.js';
import { namesOrigin, originOf } from '../../message/replay.js';
import type { Contract } from '../../schema/contract.js';
import { Received } from '../received.js';
import type { PendingDelivery } from '../scheduling/pending-delivery.js';

/** An event that a listener is due: what it is called, and what its parameters have to be, if that is known. */
export interface DueEvent {
  readonly apiName: string;
  readonly eventName: string;
  /** Undefined: nothing is known of the event, so nothing is checked. */
  readonly contract: Contract | undefined;
  readonly validate: boolean;
}

/** Which event a subject stands for; undefined if the listener did not ask for it. */
export type Lookup = (subject: string) => DueEvent | undefined;

/** A delivery that no handler may see, and no retry can mend. The message completes "The event ...". */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** A delivery of an event that the listener did not ask for: somebody changed its durable's filter. */
export class UnexpectedSubject extends Error {
  override readonly name = 'NotAskedFor';
}

/** Whether the listener asked for events of this subject. */
export function isAskedFor(held: PendingDelivery, lookup: Lookup): boolean {
  const { delivery } = held;
  return lookup(held.replayed ? originOf(delivery.headers(), delivery).subject : delivery.subject) !== undefined;
}

/**
 * Bytes to an event, by the rules of reading: tolerant of what a newer or a foreign producer sends, strict where a handler could be harmed.
 *
 * @throws NotAskedFor; Undeliverable, with the cause
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
 * Whoever may ask JetStream anything can have its answer sent to any subject, by a reply subject. It has no headers, as every
 * event of lightbus has, and a schema may let it through.
 */
function refuseAnswers(body: Record<string, unknown>, delivery: Delivery): void {
  const { type } = body;
  if (typeof type !== 'string' || !type.startsWith('io.nats.jetstream.api.v1.')) return;
  if (Object.keys(delivery.headers()).length === 0)
    throw new Undeliverable("is JetStream's own answer to a request whose sender had it sent here");
}

/** What can be said of a delivery that could not be decoded. */
export function identify(held: PendingDelivery): { id: string; headers: Headers } {
  const headers = held.delivery.headers();
  return { id: readId(headers, held.delivery), headers };
}
