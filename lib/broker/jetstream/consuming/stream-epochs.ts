import type { StreamEpoch } from './delivery.js';
import { LastDelivery } from './last-delivery.js';

/** The epochs of one durable's deliveries: each new stream begins another one. */
export class StreamEpochs {
  readonly #gaveBack: (sequence: number) => void;
  #current: StreamEpoch;
  #streamCreated: string | undefined;

  /** @param gaveBack called for each event that is returned to the server */
  constructor(gaveBack: (sequence: number) => void) {
    this.#gaveBack = gaveBack;
    this.#current = this.#make();
  }

  get current(): StreamEpoch {
    return this.#current;
  }

  /** Nothing is settled until it is known whether the stream still exists. */
  doubt(): void {
    this.#current.live = false;
  }

  /** Earlier deliveries may be settled if the stream is the same, that is, if it was made at the same time. */
  renew(created: string | undefined): void {
    const same = this.#streamCreated === undefined || created === this.#streamCreated;
    this.#streamCreated = created;
    this.#current.live = same;
    if (!same) this.#current = this.#make();
  }

  #make(): StreamEpoch {
    return { live: true, gaveBack: this.#gaveBack, last: new LastDelivery() };
  }
}
