// `npm run soak -- --minutes 10`: two services with two processes each; processes and server are killed at random while
// events are fired. At the end the ledger: lost must be 0. A plot of lag and memory goes to soak.svg (--out).
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Job, listener, openScene, type Scene, type WorkerOptions } from '../../test/faults/support/scene.js';
import type { RunningWorker } from '../../test/faults/support/worker.js';
import { readFlags } from '../flags.mjs';
import { findNatsServer } from '../nats-server.mjs';
import { rampage } from './chaos.js';
import { type Mark, plot, type Sample } from './plot.js';
import { startSoakServer } from './server.js';

const values = readFlags(
  {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '40' },
    server: { type: 'string', default: 'newest' },
    out: { type: 'string', default: 'soak.svg' },
    logs: { type: 'string' },
  },
  { numbers: ['minutes', 'rate'], oneOf: { server: ['newest', 'oldest'] } },
);
const SERVICES: readonly WorkerOptions[] = [
  { serviceName: 'orders', listeners: [listener({ concurrency: 4, acknowledgementTimeout: '5s' })] },
  {
    serviceName: 'mail',
    owner: false,
    listeners: [listener({ listenerName: 'send', events: 'all', concurrency: 8, acknowledgementTimeout: '5s' })],
  },
];
const began = performance.now();
const now = () => (performance.now() - began) / 1000;

const { path, version } = await findNatsServer({ version: values.server as 'newest' | 'oldest', log: console.log });
await using server = await startSoakServer(path);
await using scene = await openScene(server, { config: { prefix: 'soak' } });
const marks: Mark[] = [];
const samples: Sample[] = [];
const over = new AbortController();
setTimeout(() => over.abort(), Number(values.minutes) * 60_000);

await scene.fire(1);
const workers: { worker: RunningWorker; options: WorkerOptions }[] = [];
const everStarted = new Set<RunningWorker>();
for (const options of [...SERVICES, ...SERVICES]) workers.push({ worker: await scene.worker(options), options });
const watching = new AbortController();
const watched = watch(watching.signal);
await Promise.all([
  fireUntil(over.signal),
  rampage({ scene, server, workers, signal: over.signal, marked: (what) => marks.push({ at: now(), what }) }),
]);
console.log('No more is fired or killed; waiting until everything is handled …');
for (const { serviceName } of SERVICES) await scene.settled(serviceName);
watching.abort();
await watched;
if (values.logs !== undefined) await writeLogs(values.logs);
await report(scene);

/** Fires at the wanted rate; what the server does not confirm yet is sent again by the bus. */
async function fireUntil(signal: AbortSignal): Promise<void> {
  const firing = new Set<Promise<void>>();
  while (!signal.aborted) {
    const jobs = Array.from(
      { length: Math.ceil(Number(values.rate) / 10) },
      (): Job => ({ does: `wait ${Math.ceil(Math.random() * 40)}`, event: Math.random() < 0.8 ? 'added' : 'removed' }),
    );
    const batch = scene.fire(jobs).finally(() => firing.delete(batch));
    firing.add(batch);
    await sleep(100);
  }
  await Promise.all(firing);
}

async function watch(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const { worker } of workers) everStarted.add(worker);
    samples.push({ at: now(), lag: await lag(), memory: await largestProcess() });
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
}

async function lag(): Promise<number | undefined> {
  const durables = await scene.server.manager.consumers
    .list(scene.stream)
    .next()
    .catch(() => undefined);
  return durables?.reduce((sum, each) => sum + each.num_pending + each.num_ack_pending, 0);
}

async function largestProcess(): Promise<number> {
  const ids = workers.map(({ worker }) => worker.process.pid).join(',');
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', ids]).catch(() => ({ stdout: '' }));
  return Math.max(0, ...stdout.split('\n').map((line) => Number(line) / 1024));
}

async function writeLogs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const worker of everStarted) await writeFile(join(folder, `${worker.name}.log`), worker.err);
}

async function report(scene: Scene): Promise<void> {
  const any = { twice: 'any', overlapping: 'any', lost: 'any' } as const;
  const accounts = [
    await scene.check({ ...any, listener: 'work', events: ['added'] }),
    await scene.check({ ...any, listener: 'send', events: 'all' }),
  ];
  const count = (what: Mark['what']) => marks.filter((mark) => mark.what === what).length;
  const memory = Math.round(Math.max(...samples.map((sample) => sample.memory)));
  const lost = accounts.reduce((sum, account) => sum + account.lost.length, 0);
  console.log(`\n${values.minutes} minutes on nats-server ${version}, Node ${process.versions.node}`);
  console.log(`killed: ${count('worker')} processes, ${count('server')} times the server`);
  for (const { listener: name, fired, lost, twice } of accounts)
    console.log(`${name}: due ${fired}, lost ${lost.length}, run twice ${twice.length}`);
  console.log(
    `most lag ${Math.max(...samples.map((sample) => sample.lag ?? 0))} events, largest process ${memory} MiB`,
  );
  await writeFile(
    values.out,
    plot(samples, marks, `lightbus-jetstream, ${values.minutes} min on nats-server ${version}`),
  );
  console.log(`the plot is in ${values.out}`);
  console.log(lost === 0 ? 'Lost 0.' : `LOST ${lost}`);
  process.exitCode = lost === 0 ? 0 : 1;
}
