import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene, WorkerOptions } from '../../test/faults/support/scene.js';
import type { RunningWorker } from '../../test/faults/support/worker.js';
import type { Mark } from './plot.js';
import type { SoakServer } from './server.js';

const PAUSE_MS = { least: 2000, most: 6000 };
const SERVER_DOWN_MS = 3000;
const SERVER_SHARE = 0.2;

/** Kills processes and the server at random, and starts them again, until `signal` is aborted. */
export async function rampage(parts: {
  scene: Scene;
  server: SoakServer;
  /** The processes that live; replaced in place. */
  workers: { worker: RunningWorker; options: WorkerOptions }[];
  marked: (what: Mark['what']) => void;
  signal: AbortSignal;
}): Promise<void> {
  const { scene, server, workers, marked, signal } = parts;
  for (;;) {
    const pause = PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    if (Math.random() < SERVER_SHARE) {
      marked('server');
      await server.killFor(Math.random() * SERVER_DOWN_MS);
      continue;
    }
    const victim = workers[Math.floor(Math.random() * workers.length)];
    if (victim === undefined) continue;
    marked('worker');
    await victim.worker.kill();
    victim.worker = await scene.worker({ ...victim.options, wait: false });
  }
}
