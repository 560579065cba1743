// Firing: how many events a second are stored and confirmed.
import { STREAMS } from './event.mjs';
import { fire, openBus } from './lightbus.mjs';
import { openRaw } from './raw.mjs';

/** @param {{ url: string, rounds: number, count: number, inFlight: number, against: ('publish' | 'publishBare')[] }} options */
export async function fireRow({ url, rounds, count, inFlight, against }) {
  const bus = openBus(url);
  const raw = await openRaw(url);
  await fire(bus, 0); // Makes the stream.
  await raw.addStream();
  const contenders = {
    lightbus: { stream: STREAMS.lightbus, publish: (number) => fire(bus, number) },
    ...Object.fromEntries(against.map((name) => [name, { stream: STREAMS.raw, publish: raw[name] }])),
  };

  const results = [];
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const result = {};
    for (const [name, { stream, publish }] of inTurn(Object.entries(contenders), round)) {
      await raw.manager.streams.purge(stream);
      const took = await inParallel(inFlight, count, publish);
      result[name] = count / took;
      await checkStored(raw, stream, count);
    }
    if (round > 0) results.push(result);
  }
  await bus.client.close();
  await raw.close();
  return results;
}

/** Another one begins each round, so that none always runs into the other's garbage. */
export function inTurn(list, round) {
  const first = round % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

async function inParallel(lanes, count, publish) {
  let next = 0;
  const lane = async () => {
    while (next < count) await publish(next++);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return (performance.now() - begin) / 1000;
}

async function checkStored({ manager }, stream, count) {
  const { state } = await manager.streams.info(stream);
  if (state.messages !== count) throw new Error(`${stream} holds ${state.messages} events of ${count} that were fired`);
}
