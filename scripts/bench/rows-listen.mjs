// Listening: how many events a second are handled and acknowledged, from the first to the last one handled.
import { setImmediate as turn } from 'node:timers/promises';
import { STREAMS } from './event.mjs';
import { fire, listen, openBus } from './lightbus.mjs';
import { openRaw } from './raw.mjs';
import { inTurn } from './rows-fire.mjs';

const IN_FLIGHT = 256;
const CONFIRMED_WITHIN_MS = 10_000;

const HANDLERS = {
  sync: (seen) => (parameters) => seen.note(parameters.number),
  syncId:
    (seen) =>
    (parameters, { id }) => {
      if (id.length < 36) throw new Error(`${id} is not an event id`);
      seen.note(parameters.number);
    },
  waiting: (seen) => async (parameters) => {
    await turn();
    seen.note(parameters.number);
  },
};

/** @param {{ url: string, rounds: number, count: number, handler: keyof HANDLERS, concurrency: number[] }} options */
export async function listenRow({ url, rounds, count, handler, concurrency }) {
  const raw = await openRaw(url);
  await fill(url, count);
  const contenders = ['raw', ...concurrency];

  const results = [];
  for (let round = 0; round <= rounds; round++) {
    const result = {};
    for (const contender of inTurn(contenders, round)) {
      const seen = new Seen(count);
      const run = contender === 'raw' ? runRaw : runBus;
      result[contender] = await run({ url, raw, seen, round, count, handler: HANDLERS[handler](seen), contender });
    }
    if (round > 0) results.push(result);
  }
  await raw.close();
  return results;
}

/** Counts each event once, and stops the time between the first and the last. */
class Seen {
  constructor(count) {
    this.missing = count;
    this.numbers = new Uint8Array(count);
    this.done = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  note(number) {
    if (this.begin === undefined) this.begin = performance.now();
    if (this.numbers[number]++ > 0) throw new Error(`event ${number} was handled twice`);
    if (--this.missing > 0) return;
    this.seconds = (performance.now() - this.begin) / 1000;
    this.resolve();
  }
}

async function runRaw({ raw, seen, round, count, handler }) {
  const durable = `raw_${round}`;
  await raw.addDurable(STREAMS.lightbus, durable);
  await raw.consume(STREAMS.lightbus, durable, handler, { count });
  await checkAcknowledged(raw, durable);
  return count / seen.seconds;
}

async function runBus({ url, raw, seen, round, count, handler, contender }) {
  const listenerName = `l${contender}_${round}`;
  const running = await listen(url, handler, { listenerName, concurrency: contender });
  await seen.done;
  await running.stop();
  await checkAcknowledged(raw, `bench--${listenerName}--order_placed`);
  return count / seen.seconds;
}

async function fill(url, count) {
  const bus = openBus(url);
  for (let number = 0; number < count; number += IN_FLIGHT) {
    const batch = Array.from({ length: Math.min(IN_FLIGHT, count - number) }, (_, index) => fire(bus, number + index));
    await Promise.all(batch);
  }
  await bus.client.close();
}

/** The server's own word that nothing is left, neither undelivered nor unacknowledged. Deletes the durable. */
async function checkAcknowledged({ manager }, durable) {
  const deadline = performance.now() + CONFIRMED_WITHIN_MS;
  for (;;) {
    const { num_pending, num_ack_pending, num_redelivered } = await manager.consumers.info(STREAMS.lightbus, durable);
    if (num_pending === 0 && num_ack_pending === 0) break;
    if (performance.now() > deadline) {
      throw new Error(
        `${durable}: ${num_pending} events undelivered, ${num_ack_pending} unacknowledged, ${num_redelivered} redelivered`,
      );
    }
    await turn();
  }
  await manager.consumers.delete(STREAMS.lightbus, durable);
}
