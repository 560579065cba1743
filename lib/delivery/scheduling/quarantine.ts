import type { PendingDelivery } from './pending-delivery.js';
import { Queue } from './queue.js';
import type { Suspicion } from './suspicion.js';

/** In this time the acknowledgements of what has just ended have left the process, so that no crash can undo them. */
const REST_MS = 20;

/**
 * Events that came more often than failures and one orderly stop explain. Each may have gone down with its process, and one of them may be why: so each runs
 * by itself, while nothing else has begun or is asked for, and only the one that is to blame goes down once more.
 */
export class Quarantine {
  readonly #suspects = new Queue<PendingDelivery>();
  readonly #suspicionOf: (held: PendingDelivery) => Suspicion;
  readonly #stopAsking: () => Promise<void>;
  readonly #due: () => void;
  #running: PendingDelivery | undefined;
  #rest: NodeJS.Timeout | undefined;
  #resting: Promise<void> | undefined;
  #rested = false;

  /** @param options `stopAsking`: takes back what was asked for; `due`: called when a suspect may begin, if still nothing else runs */
  constructor(options: {
    suspicionOf: (held: PendingDelivery) => Suspicion;
    stopPulling: () => Promise<void>;
    due: () => void;
  }) {
    this.#suspicionOf = options.suspicionOf;
    this.#stopAsking = options.stopPulling;
    this.#due = options.due;
  }

  isSuspect(held: PendingDelivery): boolean {
    return isSuspicious(this.#suspicionOf(held));
  }

  /** Whether it may become a suspect: what has been handled is to be acknowledged before it begins, or a crash would undo that. */
  isWatched(held: PendingDelivery | undefined): boolean {
    return held !== undefined && this.#suspicionOf(held) === 'watched';
  }

  /** Whether a suspect waits or runs: nothing more is to be asked for. */
  get active(): boolean {
    return this.#running !== undefined || this.#suspects.length > 0;
  }

  /** Whether a suspect runs: nothing else may begin. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Keeps a delivery that could begin for a time when nothing else runs, if it is a suspect. */
  admit(held: PendingDelivery): boolean {
    const suspicion = this.#suspicionOf(held);
    if (!isSuspicious(suspicion)) return false;
    held.to('quarantined');
    held.lastChance = suspicion === 'last';
    this.#suspects.push(held);
    return true;
  }

  /** What begins now, given that nothing runs and nothing else could. */
  next(): PendingDelivery | undefined {
    if (this.#suspects.length === 0) return undefined;
    if (!this.#rested) {
      this.#resting ??= this.#waitForQuiet();
      return undefined;
    }
    this.#rested = false;
    this.#running = this.#takeOne();
    return this.#running;
  }

  /** What ended has been acknowledged, and what was asked for has come or has been taken back: it takes no count along. */
  async #waitForQuiet(): Promise<void> {
    const rest = new Promise((resolve) => {
      this.#rest = setTimeout(resolve, REST_MS);
    });
    await Promise.allSettled([rest, this.#stopAsking()]);
    this.#resting = undefined;
    this.#rested = true;
    this.#due();
  }

  #takeOne(): PendingDelivery | undefined {
    const [chosen, ...others] = this.#suspects.drain().sort(inTurn);
    for (const held of others) this.#suspects.push(held);
    return chosen;
  }

  /** Something else has begun. */
  reset(): void {
    this.#rested = false;
  }

  ended(held: PendingDelivery): void {
    if (this.#running === held) this.#running = undefined;
  }

  /** Forgets what was given back. */
  keep(which: (held: PendingDelivery) => boolean): void {
    for (const held of this.#suspects.drain()) if (which(held)) this.#suspects.push(held);
  }

  stop(): void {
    clearTimeout(this.#rest);
  }
}

function isSuspicious(suspicion: Suspicion): boolean {
  return suspicion === 'suspect' || suspicion === 'last';
}

/**
 * What came most often goes first. Of equals the first and the last of one order by turns, from crash to crash: several
 * durables hand over a suspect each, and one that always came behind the one to blame would be given up with it, never run.
 */
function inTurn(one: PendingDelivery, other: PendingDelivery): number {
  if (one.attempt !== other.attempt) return other.attempt - one.attempt;
  const order = isBefore(one, other) ? -1 : 1;
  return one.attempt % 2 === 0 ? order : -order;
}

/** The same in each process, unlike the order of arrival. */
function isBefore(one: PendingDelivery, other: PendingDelivery): boolean {
  const [name, otherName] = [one.source.durable.name, other.source.durable.name];
  return name === otherName ? one.delivery.sequence < other.delivery.sequence : name < otherName;
}
