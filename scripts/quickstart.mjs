// `npm run quickstart`: events between three services over a real nats-server, one service killed on the way, and at the
// end a count of what was lost. The services are in examples/quickstart; this only sets up, watches and counts.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configText, startServer } from './nats/start.mjs';
import { findNatsServer } from './nats-server.mjs';
import { endEverythingOnExit } from './processes.mjs';
import { openLedger } from './quickstart/ledger.mjs';
import { bold, howToGoOn, step, table } from './quickstart/show.mjs';
import { startWorker } from './quickstart/worker.mjs';
import { build, installDependencies, ROOT } from './setup.mjs';

const EVENTS = 54;
const KILL_AFTER_MAILS = 12;
const SECONDS = 25;

const temp = await mkdtemp(join(tmpdir(), 'lightbus-quickstart-'));
const workers = new Map();
let nats;
let ending = false;
endEverythingOnExit(cleanUp);
try {
  process.exitCode = await quickstart();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await cleanUp();
}

async function cleanUp() {
  ending = true;
  for (const worker of workers.values()) await worker.kill();
  await nats?.signal('SIGKILL');
  await rm(temp, { recursive: true, force: true, maxRetries: 5 });
}

async function quickstart() {
  await installDependencies(step);
  step('building …');
  await build();
  const { path: binary, version } = await findNatsServer({ version: 'any', log: step });
  nats = await startNats(binary);
  step(`nats-server ${version} runs on port ${nats.port}, its store in ${temp}`);

  const ledger = await openLedger(join(temp, 'ledger.jsonl'));
  // Their temporary files go the same way.
  const folders = { TMPDIR: temp, TEMP: temp, TMP: temp };
  const environment = { ...folders, NATS_URL: `nats://127.0.0.1:${nats.port}`, QUICKSTART_LEDGER: ledger.file };
  const run = (service) => workers.set(service, startWorker(service, environment));
  try {
    await travel(ledger, run);
  } catch (error) {
    // Interrupted: what is being ended has nothing more to say, and the process exits when all is gone.
    if (ending) return await new Promise(() => {});
    console.error(error.message);
  }
  const orderly = await stopAll();

  const { rows, fired, lost } = await ledger.count();
  const complete = lost === 0 && fired === EVENTS && orderly;
  console.log(table({ rows, fired }));
  if (complete) console.log(howToGoOn(binary));
  console.log(bold(complete || lost > 0 ? `lost ${lost}` : 'failed before the end, see above'));
  return complete ? 0 : 1;
}

async function startNats(binary) {
  const config = join(temp, 'nats-server.conf');
  const storeDir = join(temp, 'store');
  await mkdir(storeDir);
  await writeFile(config, configText({ base: await readFile(join(ROOT, 'nats-server.conf'), 'utf8'), storeDir }));
  return await startServer({ binary, config });
}

async function travel(ledger, run) {
  const deadline = AbortSignal.timeout(SECONDS * 1000);
  const until = (fact, what) => ledger.until(fact, { what, deadline, workers });

  step('starting mail-service and audit-service, which listen, and auth-service, which fires');
  for (const service of ['mail-service', 'audit-service', 'auth-service']) run(service);

  await until(({ mails }) => mails >= KILL_AFTER_MAILS, `${KILL_AFTER_MAILS} mails to be sent`);
  const killed = workers.get('mail-service');
  await killed.kill();
  step(
    `killed mail-service (SIGKILL) after ${(await ledger.count()).mails} mails; the events wait for it in JetStream`,
  );

  await until(({ fired }) => fired === EVENTS, `${EVENTS} events to be fired`);
  step(`auth-service has fired all ${EVENTS} events; starting mail-service again`);
  run('mail-service');
  await until(({ lost }) => lost === 0, 'every listener to have handled what it is due');
}

// False, with what they printed, if services ended that nobody ended, or did not end in an orderly way.
async function stopAll() {
  step('stopping the services');
  const all = [...workers.values()];
  const fallen = all.filter((worker) => worker.failed());
  const codes = await Promise.all(all.map((worker) => worker.stop()));
  const failed = fallen.length > 0 ? fallen : all.filter((_, index) => codes[index] !== 0);
  for (const { service, log, ended } of failed) {
    console.error(`${service} ended with ${ended()}; the last that it printed:\n${log()}`);
  }
  return failed.length === 0;
}
