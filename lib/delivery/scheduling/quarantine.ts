import type { Clock } from '../../clock.js';
import type { PendingDelivery } from './pending-delivery.js';
import { Queue } from './queue.js';
import type { Suspicion } from './suspicion.js';

/** Within this time acknowledgements have left the process, so that no crash can undo them. */
const REST_MS = 20;

/**
 * Suspects: events that were delivered more often than failures and one orderly stop explain. Each may have been lost with
 * its process, and one of them may be the cause. So each runs alone, while nothing else runs or is requested: then a crash
 * costs only the cause another attempt.
 */
export class Quarantine {
  readonly #suspects = new Queue<PendingDelivery>();
  readonly #clock: Clock;
  readonly #suspicionOf: (held: PendingDelivery) => Suspicion;
  readonly #stopPulling: () => Promise<void>;
  readonly #due: () => void;
  #running: PendingDelivery | undefined;
  #rest: NodeJS.Timeout | undefined;
  #resting: Promise<void> | undefined;
  #rested = false;

  /** @param options `stopPulling`: ends all pulls; `due`: called when a suspect may begin, provided that nothing else runs */
  constructor(options: {
    clock: Clock;
    suspicionOf: (held: PendingDelivery) => Suspicion;
    stopPulling: () => Promise<void>;
    due: () => void;
  }) {
    this.#clock = options.clock;
    this.#suspicionOf = options.suspicionOf;
    this.#stopPulling = options.stopPulling;
    this.#due = options.due;
  }

  isSuspect(held: PendingDelivery): boolean {
    return isSuspicious(this.#suspicionOf(held));
  }

  /** Whether it may be about to become a suspect: others must be acknowledged before it begins, or a crash would undo them. */
  isWatched(held: PendingDelivery | undefined): boolean {
    return held !== undefined && this.#suspicionOf(held) === 'watched';
  }

  /** Whether a suspect waits or runs: nothing more may be requested. */
  get active(): boolean {
    return this.#running !== undefined || this.#suspects.length > 0;
  }

  /** Whether a suspect runs: nothing else may begin. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Takes a delivery that is ready, if it is a suspect; it waits until nothing else runs. */
  admit(held: PendingDelivery): boolean {
    const suspicion = this.#suspicionOf(held);
    if (!isSuspicious(suspicion)) return false;
    held.to('quarantined');
    held.lastChance = suspicion === 'last';
    this.#suspects.push(held);
    return true;
  }

  /** The suspect that begins now; call it only when nothing runs and nothing else is ready. */
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

  /** Resolves when acknowledgements have left and no pull is open, so that a crash costs no other event an attempt. */
  async #waitForQuiet(): Promise<void> {
    const rest = new Promise((resolve) => {
      this.#rest = this.#clock.setTimeout(() => resolve(undefined), REST_MS);
    });
    await Promise.allSettled([rest, this.#stopPulling()]);
    this.#resting = undefined;
    this.#rested = true;
    this.#due();
  }

  #takeOne(): PendingDelivery | undefined {
    const [chosen, ...others] = this.#suspects.drain().sort(inTurn);
    for (const held of others) this.#suspects.push(held);
    return chosen;
  }

  /** Another delivery has begun: wait for quiet again. */
  reset(): void {
    this.#rested = false;
  }

  ended(held: PendingDelivery): void {
    if (this.#running === held) this.#running = undefined;
  }

  /** Forgets deliveries that were returned to the server. */
  keep(which: (held: PendingDelivery) => boolean): void {
    for (const held of this.#suspects.drain()) if (which(held)) this.#suspects.push(held);
  }

  stop(): void {
    this.#clock.clearTimeout(this.#rest);
  }
}

function isSuspicious(suspicion: Suspicion): boolean {
  return suspicion === 'suspect' || suspicion === 'last';
}

/**
 * The most often delivered one runs first. Among equals, the first and the last of a fixed order take turns from crash to
 * crash: several durables may each have a suspect, and one that always came after the cause would be given up without a run.
 */
function inTurn(one: PendingDelivery, other: PendingDelivery): number {
  if (one.attempt !== other.attempt) return other.attempt - one.attempt;
  const order = isBefore(one, other) ? -1 : 1;
  return one.attempt % 2 === 0 ? order : -order;
}

/** An order that is the same in each process, unlike that of arrival. */
function isBefore(one: PendingDelivery, other: PendingDelivery): boolean {
  const [name, otherName] = [one.source.durable.name, other.source.durable.name];
  return name === otherName ? one.delivery.sequence < other.delivery.sequence : name < otherName;
}
