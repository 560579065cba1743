/**
 * The newest event that this process has acknowledged. Servers before 2.10.14 may hand the last event of a durable over
 * again as if it had never been delivered: when something is due for redelivery while only pulls wait that nobody listens to
 * any more, they set their position among new events back by one. What was acknowledged is not run for that.
 */
export class LastDelivery {
  #acknowledged = 0;

  acknowledged(sequence: number): void {
    if (sequence > this.#acknowledged) this.#acknowledged = sequence;
  }

  /** Whether this "first" delivery is one of an event that was acknowledged. */
  repeats(delivery: { readonly deliveries: number; readonly sequence: number }): boolean {
    return delivery.deliveries === 1 && delivery.sequence === this.#acknowledged;
  }
}

/** Servers from 2.14 on can set a durable back on purpose, and then the event is to run again; none from 2.11 on errs. */
export function maySetBack(version: string | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return Number(major) === 2 && Number(minor) < 11;
}
