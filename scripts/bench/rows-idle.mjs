// Listeners that have nothing to do: what many of them weigh, and how long they take to start.
import { setTimeout as pause } from 'node:timers/promises';
import { openBus } from './lightbus.mjs';

/** Runs in a process of its own, for memory is never given back. @param {{ url: string, listeners: number }} options */
export async function idleRow({ url, listeners }) {
  // What one listener loads is not counted: the code is there once.
  const first = await start(url, 'first', 1);
  const before = await weigh();
  const second = await start(url, 'many', listeners);
  const after = await weigh();
  await second.bus.client.close();
  await first.bus.client.close();
  const megabytes = (name) => (after[name] - before[name]) / 2 ** 20;
  return {
    listeners,
    seconds: second.seconds,
    rss: megabytes('rss'),
    heap: megabytes('heapUsed') + megabytes('external'),
  };
}

async function start(url, serviceName, listeners) {
  const bus = openBus(url, serviceName);
  for (let index = 0; index < listeners; index++) {
    bus.bench.order_placed.listen(() => {}, { listenerName: `listener_${index}` });
  }
  const begin = performance.now();
  await bus.client.startWorker();
  return { bus, seconds: (performance.now() - begin) / 1000 };
}

async function weigh() {
  for (let time = 0; time < 3; time++) {
    await pause(100);
    globalThis.gc();
  }
  return process.memoryUsage();
}
