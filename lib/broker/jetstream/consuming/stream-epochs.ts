import type { StreamEpoch } from './delivery.js';
import { LastDelivery } from './last-delivery.js';

/** The epochs of one durable's deliveries, one after another: each new stream begins another. */
export class StreamEpochs {
  readonly #gaveBack: (sequence: number) => void;
  #current: StreamEpoch;
  #streamCreated: string | undefined;

  /** @param gaveBack told of each event that goes back to the server */
  constructor(gaveBack: (sequence: number) => void) {
    this.#gaveBack = gaveBack;
    this.#current = this.#make();
  }

  get current(): StreamEpoch {
    return this.#current;
  }

  /** Until it is known what became of the stream, nothing of it is settled. */
  doubt(): void {
    this.#current.live = false;
  }

  /** What was handed over before may be settled, if it is of the same stream: of one that was made then. */
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
