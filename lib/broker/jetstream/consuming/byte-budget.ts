const BUDGET_BYTES = 16 * 1024 * 1024;
/** How many events may be requested before the first arrives; afterwards as many more as have arrived, because the first may be small. */
const MAX_AT_FIRST = 8;
/** How fast the estimate follows smaller events; it follows larger ones at once. */
const SMOOTHING = 0.05;

/**
 * How many bytes may be on their way on one connection. A server that has much more to send than its client reads takes the
 * client for a slow consumer and cuts the connection, whichever durable requested the bytes. All durables that have had an
 * event get equal shares, so that none starves beside an idle or slow one.
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

/** One durable's share of the budget. */
export interface ByteShare {
  /** Notes an event's size. */
  came(bytes: number): void;
  /** How many events of the expected size fit; at least one. */
  most(): number;
  close(): void;
}
