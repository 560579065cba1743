const BUDGET_BYTES = 16 * 1024 * 1024;
/** What may be asked for before an event has come; from then on as many more as have come, for the first may be small ones. */
const MAX_AT_FIRST = 8;
/** How fast the estimate follows smaller events; larger ones it follows at once. */
const SMOOTHING = 0.05;

/**
 * How much may be under way on one connection at once, in bytes. A server that has much more to send than its client reads
 * takes it for a slow consumer and cuts the connection, whichever durable asked for it. Shared evenly by all durables
 * that have had an event, so that none starves beside another that is idle or slow.
 */
export class ByteBudget {
  #sharers = 0;

  open(): ByteShare {
    let estimate = 0;
    let seen = 0;
    const joined = () => estimate > 0;
    return {
      came: (bytes) => {
        if (!joined()) this.#sharers += 1;
        seen += 1;
        estimate = Math.max(1, bytes, estimate + SMOOTHING * (bytes - estimate));
      },
      most: () => {
        const fit = joined() ? Math.floor(BUDGET_BYTES / this.#sharers / estimate) : MAX_AT_FIRST;
        return Math.max(1, Math.min(fit, MAX_AT_FIRST + seen));
      },
      close: () => {
        if (joined()) this.#sharers -= 1;
        estimate = 0;
      },
    };
  }
}

/** One durable's part of the budget. */
export interface ByteShare {
  /** Notes an event's size. */
  came(bytes: number): void;
  /** How many events of the size that is to be expected fit; one always does. */
  most(): number;
  close(): void;
}
