// The service that the tests kill, starve and cut off; what it is comes from its environment, see WorkerSettings.
import { type BatchOptions, create, type ListenOptions, type ReceivedEvent } from 'lightbus-jetstream';
import { openLedgerFile } from '../ledger-file.js';
import { act, die } from './actions.js';
import { JobsApi, NewJobsApi } from './jobs.js';
import type { WorkerSettings } from './settings.js';

const settings = JSON.parse(process.env.JOBS_SETTINGS ?? '{}') as WorkerSettings;
const write = openLedgerFile(settings.ledger, settings.processName);

export const bus = create({
  serviceName: settings.serviceName,
  processName: settings.processName,
  ...(settings.owner ? { apis: [settings.api === 'new' ? NewJobsApi : JobsApi] } : {}),
  config: settings.config,
});

for (const { events, orderByN, batchOf, ...options } of settings.listeners) {
  const handler = (parameters: unknown, event: ReceivedEvent) => handle(parameters as Job, event, options.listenerName);
  const all = { ...options, ...(orderByN ? { orderBy: ({ n }: { n: number }) => n % orderByN } : {}) } as ListenOptions;
  if (batchOf !== undefined) {
    const handleAll = (batch: readonly ReceivedEvent[]) =>
      Promise.all(batch.map((event) => handler(event.parameters, event)));
    (bus as never as Untyped).jobs[events[0] as string]?.listenBatch(handleAll, {
      ...options,
      maxSize: batchOf,
      maxWait: '100ms',
    } as BatchOptions);
  } else if (events === 'all') bus.client.listenForApi('jobs', handler, all);
  else bus.client.listenForEvents(events.map((event) => (bus as never as Untyped).jobs[event]) as never, handler, all);
}

type Job = { n: number; does?: string; priority?: number };
type Untyped = { jobs: Record<string, { listenBatch(handler: unknown, options: BatchOptions): void }> };

if (settings.dieAt === 'start') bus.client.onStart(die);
function handle({ n, does = '', priority }: Job, event: ReceivedEvent, listener: string): unknown {
  const { id, eventName, attempt } = event;
  const note = (what: 'start' | 'end' | 'failed') => write({ what, id, n, event: eventName, listener, attempt });
  note('start');
  if (settings.api === 'new' && eventName === 'added' && priority === undefined)
    throw new Error('a default is missing');
  const ended = () => {
    note('end');
    if (does.startsWith('once') && attempt > 1) return;
    if (does.endsWith('die-after')) die();
    // The acknowledgements of a turn leave at its end; so much later this one has left for certain.
    if (does.endsWith('die-acknowledged')) setTimeout(die, 50);
  };
  const failed = (error: unknown) => {
    note('failed');
    throw error;
  };
  let result: unknown;
  try {
    result = act(does, attempt);
  } catch (error) {
    return failed(error);
  }
  return result instanceof Promise ? result.then(ended, failed) : ended();
}
