// Latency: from the call of `fire` to the begin of the handler, at a pace that neither contender finds hard.
import { STREAMS } from './event.mjs';
import { fire, listen, openBus } from './lightbus.mjs';
import { openRaw } from './raw.mjs';
import { inTurn } from './rows-fire.mjs';
import { quantile } from './statistics.mjs';

const EVERY_MS = 1;

/** @param {{ url: string, rounds: number, count: number }} options */
export async function latencyRow({ url, rounds, count }) {
  const bus = openBus(url);
  const raw = await openRaw(url);
  await fire(bus, 0);
  await raw.addStream();

  const results = [];
  for (let round = 0; round <= rounds; round++) {
    const result = {};
    for (const [name, run] of inTurn(Object.entries({ lightbus: runBus, raw: runRaw }), round)) {
      for (const stream of Object.values(STREAMS)) await raw.manager.streams.purge(stream);
      const latencies = await run({ url, bus, raw, round, count });
      result[name] = quantile(latencies, 0.99);
      result[`${name} median`] = quantile(latencies, 0.5);
    }
    if (round > 0) results.push(result);
  }
  await bus.client.close();
  await raw.close();
  return results;
}

async function runBus({ url, bus, round, count }) {
  const paced = new Paced(count);
  const running = await listen(url, ({ number }) => paced.arrived(number), { listenerName: `latency_${round}` });
  await paced.send((number) => fire(bus, number));
  await running.stop();
  return paced.latencies;
}

async function runRaw({ url, raw, round, count }) {
  const paced = new Paced(count);
  // A connection of its own for the consumer, as the worker of a bus has.
  const consumer = await openRaw(url);
  await consumer.addDurable(STREAMS.raw, `latency_${round}`);
  const consuming = consumer.consume(STREAMS.raw, `latency_${round}`, ({ number }) => paced.arrived(number), { count });
  await paced.send((number) => raw.publish(number));
  await consuming;
  await consumer.close();
  return paced.latencies;
}

class Paced {
  constructor(count) {
    this.count = count;
    this.missing = count;
    this.firedAt = new Float64Array(count);
    this.latencies = new Float64Array(count);
    this.done = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  arrived(number) {
    if (this.latencies[number] > 0) throw new Error(`event ${number} was handled twice`);
    this.latencies[number] = performance.now() - this.firedAt[number];
    if (--this.missing === 0) this.resolve();
  }

  /** Resolves when all have been confirmed, and have arrived. */
  async send(publish) {
    const confirmed = [];
    await new Promise((resolve) => {
      const timer = setInterval(() => {
        const number = confirmed.length;
        if (number === this.count) {
          clearInterval(timer);
          return resolve();
        }
        this.firedAt[number] = performance.now();
        confirmed.push(publish(number));
      }, EVERY_MS);
    });
    await Promise.all(confirmed);
    await this.done;
  }
}
