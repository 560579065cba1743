import type { Broker, StoredMessage, StreamSpec, WaitOptions } from '../../broker/broker.js';
import { LightbusError } from '../../errors.js';
import { originOf } from '../../message/replay.js';
import { type DeadLetter, decodeDeadLetter, encodeReplay } from '../../message/stored-dead-letter.js';
import { checkApiName, checkEventName, checkListenerName, checkServiceName, replaySubject } from '../../names.js';

/** A dead letter that cannot be replayed, and why. */
export class NotReplayable extends Error {
  override readonly name = 'NotReplayable';
}

/** Replays dead letters, one at a time: deletes the dead letter only after the replay is stored. */
export class ReplayPublisher {
  readonly #parts: { broker: Broker; deadLetters: StreamSpec; replays: StreamSpec; prefix: string };

  constructor(parts: { broker: Broker; deadLetters: StreamSpec; replays: StreamSpec; prefix: string }) {
    this.#parts = parts;
  }

  /** False if the dead letter is gone. @throws NotReplayable; EventFireTimeout, after which it can be tried again */
  async replay(sequence: number, waitOptions: WaitOptions): Promise<boolean> {
    const { broker, deadLetters, replays, prefix } = this.#parts;
    const kept = await broker.store.read(deadLetters, sequence, waitOptions);
    if (kept === undefined) return false;
    const letter = decodeDeadLetter(kept);
    checkNames(letter);
    const wire = encodeReplay({
      subject: replaySubject(prefix, letter.service, letter.listener, `${letter.api}.${letter.event}`),
      letter: kept,
      origin: originOf(kept.headers(), kept),
      event: letter.truncated ? await this.#original(kept, waitOptions) : { headers: kept.headers(), body: kept.body },
    });
    const size = wire.headers.length + wire.body.length;
    const largest = broker.maxPayload ?? Number.POSITIVE_INFINITY;
    if (size > largest)
      throw new NotReplayable(
        `it has ${size} bytes as a replay, and the server takes ${largest}; raise its max_payload`,
      );
    await broker.publish(wire, replays, waitOptions);
    // Last: a crash before this line leaves a dead letter whose replay the server knows and will not store twice.
    await broker.store.erase(deadLetters, sequence, waitOptions).catch((cause) => {
      if (isRefusal(cause))
        throw new NotReplayable(`it was replayed, and cannot be removed: ${cause.message}`, { cause });
      throw cause;
    });
    return true;
  }

  /** The event of which a dead letter has only the beginning. */
  async #original(kept: StoredMessage, waitOptions: WaitOptions) {
    const origin = originOf(kept.headers(), kept);
    const original = await this.#parts.broker.store.read(origin.stream, origin.sequence, waitOptions).catch((cause) => {
      if (cause instanceof LightbusError && !isRefusal(cause)) throw cause;
      throw new NotReplayable(`it is truncated, and its original cannot be read (${(cause as Error).message})`, {
        cause,
      });
    });
    // Anybody can write the headers that say where the event is, so compare the event itself.
    if (original?.subject !== origin.subject || original.timestamp !== origin.timestamp)
      throw new NotReplayable(`it is truncated, and stream ${origin.stream} no longer holds the original`);
    return { headers: original.headers(), body: original.body };
  }
}

/** Whether the server has refused this one request, as opposed to any. */
function isRefusal(error: unknown): error is LightbusError {
  return error instanceof LightbusError && 'apiCode' in error;
}

/** Anybody may write to the stream; what is replayed has names that lightbus gives. @throws NotReplayable */
function checkNames({ service, listener, api, event }: DeadLetter): void {
  try {
    checkServiceName(service);
    checkListenerName(listener);
    checkApiName(api);
    checkEventName(api, event);
  } catch (cause) {
    throw new NotReplayable(`it is not a dead letter of a listener: ${(cause as Error).message}`, { cause });
  }
}
