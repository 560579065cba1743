/**
 * The newest event that this process has acknowledged. Servers before 2.10.14 may deliver the last event of a durable again
 * as if for the first time: if an event is due for redelivery while only pulls of dead processes are open, they set their
 * position among new events back by one. This keeps an acknowledged event from running again.
 */
export class LastDelivery {
  #acknowledged = 0;

  acknowledged(sequence: number): void {
    if (sequence > this.#acknowledged) this.#acknowledged = sequence;
  }

  /** Whether this "first" delivery is of an event that was acknowledged. */
  repeats(delivery: { readonly deliveries: number; readonly sequence: number }): boolean {
    return delivery.deliveries === 1 && delivery.sequence === this.#acknowledged;
  }
}

/** Not on newer servers: they do not have the fault, and from 2.14 on somebody can set a durable back on purpose, so that the event must run again. */
export function maySetBack(version: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return Number(major) === 2 && Number(minor) < 11;
}
