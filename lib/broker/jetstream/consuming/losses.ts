import type { Logger } from '../../../logger.js';
import type { DurableInfo } from '../provisioning/durable-config.js';
import type { StreamInfo } from '../provisioning/stream-config.js';

/** How far a durable was at one moment. */
interface Position {
  /** Deliveries so far, by whichever process, repeated ones too. */
  readonly durableSequence: number;
  readonly pending: number;
  readonly sequence: number;
}

/** The most events that are remembered as given back; more wait only where a durable is at its limit, which is told. */
const MAX_RETURNED = 5000;

const REMEDY =
  'raise the limits of the stream (maxAge, maxLength, maxBytes), or make the listener faster: more processes, more concurrency';

/**
 * Notices events that the stream's limits, or a purge, removed before a listener got them. JetStream drops them in silence,
 * but what is still to be delivered can shrink only by deliveries, which are counted too: whatever else is missing is lost.
 * Where a stream holds nothing but this durable's events, a leap of the sequence tells as much of those that came and went
 * between two deliveries; on other streams these few go unnoticed.
 */
export class LossWatch {
  readonly #durable: string;
  readonly #logger: Logger;
  #last: Position | undefined;
  #alone = false;
  #suspected = 0;
  #from = 0;
  /** On a stream of its own: up to this sequence is told or suspected, though nothing behind may have been delivered. */
  #until = 0;
  /** Sequences that went back to the server, and have not come again. */
  readonly #givenBack = new Set<number>();

  constructor(durable: string, logger: Logger) {
    this.#durable = durable;
    this.#logger = logger;
  }

  /** Looks at one moment of the durable; true if events are missing, to be confirmed by `confirm`. */
  observe(now: Position): boolean {
    const last = this.#last;
    // Repeated deliveries are of older events, and tell nothing.
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
    // Limits remove the oldest: with nobody else's events between them, what is missing are the next ones.
    if (this.#alone) this.#until = behind + missing;
    return true;
  }

  /** Notes that an event went back to the server, to come again. */
  gaveBack(sequence: number): void {
    if (this.#givenBack.size < MAX_RETURNED) this.#givenBack.add(sequence);
  }

  /** Notes that an event came. */
  came(sequence: number): void {
    if (this.#givenBack.size > 0) this.#givenBack.delete(sequence);
  }

  /** Whether anything that went back has not come again. */
  get awaits(): boolean {
    return this.#givenBack.size > 0;
  }

  /**
   * Reports what went back to the server and was removed before it came again. Another process may have had it meanwhile,
   * so this is an upper bound.
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
   * Reports what is missing, if the stream really begins behind it: single events may have been erased on purpose.
   *
   * @param alone as for `begin`
   */
  confirm(stream: StreamInfo, alone: boolean): void {
    const trusted = alone || !this.#alone;
    this.#alone = alone;
    const removedTo = stream.state.first_seq - 1;
    if (trusted && this.#suspected > 0 && removedTo >= this.#from) {
      // More may have been removed meanwhile; that is told when it is missed.
      const to = alone && this.#until > 0 ? Math.min(this.#until, removedTo) : removedTo;
      this.#until = alone ? to : 0;
      this.#report({ lost: this.#suspected, exact: true, from: this.#from, to, stream });
    } else if (this.#suspected > 0) {
      this.#until = 0;
    }
    this.#suspected = 0;
  }

  /**
   * The durable as this process first finds it: what its stream removed behind its position may have been due to it.
   *
   * @param alone the stream holds no other events than this durable's, so that whatever was removed was due to it
   */
  begin(stream: StreamInfo, info: DurableInfo, floor: number, alone: boolean): void {
    const position = positionOf(info);
    // What is gone by now is reported here, and must not be seen as a leap at the next delivery.
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

/** How far a durable is, by the server's word. */
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
