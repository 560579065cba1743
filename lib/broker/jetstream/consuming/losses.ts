import type { Logger } from '../../../logger.js';
import type { DurableInfo } from '../provisioning/durable-config.js';
import type { StreamInfo } from '../provisioning/stream-config.js';

/** The progress of a durable at one moment. */
interface Position {
  /** Deliveries so far, by whichever process, repeated ones too. */
  readonly durableSequence: number;
  readonly pending: number;
  readonly sequence: number;
}

/** How many returned events are remembered; there are more only if a durable is at its limit, which is reported. */
const MAX_RETURNED = 5000;

const REMEDY =
  'raise the limits of the stream (maxAge, maxLength, maxBytes), or make the listener faster: more processes, more concurrency';

/**
 * Detects events that the stream's limits, or a purge, removed before a listener got them. JetStream does not report them.
 * But the number of events still to be delivered shrinks only by deliveries, which are counted too, so the difference is
 * lost. If a stream has only this durable's events, a gap in the sequence also shows those that were stored and removed
 * between two deliveries; on other streams these few are not detected.
 */
export class LossWatch {
  readonly #durable: string;
  readonly #logger: Logger;
  #last: Position | undefined;
  #alone = false;
  #suspected = 0;
  #from = 0;
  /** On a stream with only this durable's events: losses up to this sequence are reported or suspected. */
  #until = 0;
  /** Sequences that were returned to the server, and have not come again. */
  readonly #givenBack = new Set<number>();

  constructor(durable: string, logger: Logger) {
    this.#durable = durable;
    this.#logger = logger;
  }

  /** Takes the progress of the durable; returns whether events seem to be missing, for `confirm` to find out. */
  observe(now: Position): boolean {
    const last = this.#last;
    // Redeliveries are of older events, and show nothing.
    if (last !== undefined && (now.durableSequence < last.durableSequence || now.sequence < last.sequence))
      return false;
    this.#last = now;
    if (last === undefined) return false;
    const delivered = now.durableSequence - last.durableSequence;
    const behind = Math.max(last.sequence, this.#until);
    const leapt = this.#alone ? now.sequence - behind - delivered : 0;
    const missing = Math.max(last.pending - delivered - now.pending, leapt);
    if (missing <= 0) return false;
    if (this.#suspected === 0) this.#from = behind + 1;
    this.#suspected += missing;
    // Limits remove the oldest events: if there are only this durable's, the missing ones are the next.
    if (this.#alone) this.#until = behind + missing;
    return true;
  }

  /** Notes that an event was returned to the server. */
  gaveBack(sequence: number): void {
    if (this.#givenBack.size < MAX_RETURNED) this.#givenBack.add(sequence);
  }

  /** Notes that an event arrived. */
  came(sequence: number): void {
    if (this.#givenBack.size > 0) this.#givenBack.delete(sequence);
  }

  /** Whether a returned event has not come again. */
  get awaits(): boolean {
    return this.#givenBack.size > 0;
  }

  /**
   * Reports returned events that were removed before they came again. Another process may have handled them meanwhile, so
   * this is an upper bound.
   *
   * @param floor everything up to it is settled
   */
  confirmGivenBack(stream: StreamInfo, floor: number): void {
    const removed = [...this.#givenBack].filter((sequence) => sequence < stream.state.first_seq);
    for (const sequence of this.#givenBack) {
      if (sequence < stream.state.first_seq || sequence <= floor) this.#givenBack.delete(sequence);
    }
    if (removed.length === 0) return;
    const [from, to] = [Math.min(...removed), Math.max(...removed)];
    this.#logger.warn(
      { durable: this.#durable, stream: stream.config.name, lost: removed.length, from, to },
      `The stream removed ${removed.length} events (sequences ${from} to ${to}) that waited for another attempt; those that no other process has handled are lost: ${REMEDY}`,
    );
  }

  /**
   * Reports missing events if the stream really begins after them: single events may have been deleted on purpose.
   *
   * @param alone as for `begin`
   */
  confirm(stream: StreamInfo, alone: boolean): void {
    const trusted = alone || !this.#alone;
    this.#alone = alone;
    const removedTo = stream.state.first_seq - 1;
    if (trusted && this.#suspected > 0 && removedTo >= this.#from) {
      // More may have been removed meanwhile; those are reported when they are missed.
      const to = alone && this.#until > 0 ? Math.min(this.#until, removedTo) : removedTo;
      this.#until = alone ? to : 0;
      this.#report({ lost: this.#suspected, exact: true, from: this.#from, to, stream });
    } else if (this.#suspected > 0) {
      this.#until = 0;
    }
    this.#suspected = 0;
  }

  /**
   * Takes the durable as this process first finds it: events that were removed after its position may have been due.
   *
   * @param alone the stream holds no other events than this durable's, so that whatever was removed was due to it
   */
  begin(stream: StreamInfo, info: DurableInfo, floor: number, alone: boolean): void {
    const position = positionOf(info);
    // These losses are reported here, and must not count as a gap at the next delivery.
    this.#last = { ...position, sequence: Math.max(position.sequence, stream.state.first_seq - 1) };
    this.#alone = alone;
    this.#suspected = 0;
    this.#until = 0;
    const lost = stream.state.first_seq - 1 - floor;
    if (lost > 0) this.#report({ lost, exact: alone, from: floor + 1, to: stream.state.first_seq - 1, stream });
  }

  #report(loss: { lost: number; exact: boolean; from: number; to: number; stream: StreamInfo }): void {
    const { lost, exact, from, to, stream } = loss;
    const fields = { durable: this.#durable, stream: stream.config.name, lost, from, to };
    if (exact) {
      this.#logger.error(
        fields,
        `The stream removed ${lost} events (sequences ${from} to ${to}) before this listener got them; ${REMEDY}`,
      );
    } else {
      this.#logger.warn(
        fields,
        `The stream removed ${lost} events (sequences ${from} to ${to}) since this listener's last one; those of them that were due to it are lost: ${REMEDY}`,
      );
    }
  }
}

/** The progress of a durable, as the server says. */
export function positionOf(info: DurableInfo): Position {
  return {
    durableSequence: info.delivered.consumer_seq,
    pending: info.num_pending,
    sequence: info.delivered.stream_seq,
  };
}

/** Everything up to this sequence is handled, or was never due. Servers before 2.10 say 0 until the first acknowledgement. */
export function floorOf(info: DurableInfo, known: number): number {
  const untouched = info.delivered.consumer_seq === 0 ? info.delivered.stream_seq : 0;
  return Math.max(info.ack_floor.stream_seq, untouched, known);
}
