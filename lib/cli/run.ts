import { Command, Option } from 'commander';
import type { ConfigFlags } from '../config/resolve.js';
import { LOG_LEVELS } from '../logger.js';
import { checkApiName, checkEventName, checkServiceName } from '../names.js';
import { renderListeners } from './listener-table.js';
import { type LoadedBus, loadBus } from './load-bus.js';
import type { ExitCode, Terminal } from './terminal.js';
import { UsageError } from './terminal.js';

interface RunFlags extends ConfigFlags {
  bus?: string;
  events?: string[];
}

/** `lightbus run`. */
export function runCommand(terminal: Terminal, exitWith: (code: ExitCode) => void): Command {
  return new Command('run')
    .summary('run the listeners of a bus module until SIGTERM or SIGINT')
    .description(
      'Runs the listeners of a bus module. SIGTERM or SIGINT lets running handlers end and stops; a second one stops at once.',
    )
    .option(
      '--bus <module>',
      'file, folder or package of the bus module (default: $LIGHTBUS_MODULE, or bus.ts, bus.js, … here)',
    )
    .option('--service-name <name>', 'name of the service, whatever other settings say')
    .option('--process-name <name>', 'name of this process, whatever other settings say')
    .option('--config <path>', 'configuration file (default: $LIGHTBUS_CONFIG, or lightbus.yaml, .yml, .json here)')
    .addOption(new Option('--log-level <level>', 'least severe messages to log').choices([...LOG_LEVELS]))
    .option('--events <names>', 'listen only to these events, as api.event, separated by commas', parseEvents)
    .addHelpText('after', '\nExample:\n  lightbus run --bus ./bus.ts --events auth.user_created,auth.user_deleted')
    .action(async (flags: RunFlags) => {
      if (flags.serviceName !== undefined) asUsage(() => checkServiceName(flags.serviceName));
      exitWith(await run(flags, terminal));
    });
}

async function run({ bus: module, events, ...flags }: RunFlags, terminal: Terminal): Promise<ExitCode> {
  const stopping = new AbortController();
  let stopAtOnce: (code: ExitCode) => void = () => {};
  const stoppedAtOnce = new Promise<ExitCode>((resolve) => {
    stopAtOnce = resolve;
  });
  const forget = terminal.onSignal((signal) => {
    if (stopping.signal.aborted) return stopAtOnce(1);
    stopping.abort(signal);
  });
  try {
    return await Promise.race([work({ module, events, flags, terminal, signal: stopping.signal }), stoppedAtOnce]);
  } finally {
    forget();
  }
}

async function work(options: {
  module: string | undefined;
  events: string[] | undefined;
  flags: ConfigFlags;
  terminal: Terminal;
  signal: AbortSignal;
}): Promise<ExitCode> {
  const { module, events, flags, terminal, signal } = options;
  const { directory, environment } = terminal;
  const bus = await loadBus({ module, directory, environment });
  const tell = () =>
    bus.client['~lightbus'].logger.info(
      { signal: signal.reason },
      'Stopping once running handlers have ended; send the signal again to stop at once',
    );
  if (!signal.aborted) signal.addEventListener('abort', tell, { once: true });
  try {
    bus.client['~lightbus'].configure(flags);
    if (events !== undefined) bus.client['~lightbus'].listenTo(events);
    return await workUntilStopped(bus, terminal, signal);
  } finally {
    await bus.client.close();
  }
}

async function workUntilStopped({ client }: LoadedBus, terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  if (signal.aborted) return 0;
  const worker = await client.startWorker({ signal }).catch((error: unknown) => {
    // Asked to stop while it waited for a server: what it says then is not a failure.
    if (signal.aborted) return undefined;
    throw error;
  });
  if (worker === undefined) return 0;
  terminal.print(renderListeners(client['~lightbus'].listeners(), terminal));
  // The worker has logged what made it fail.
  return worker.done.then(
    () => 0,
    () => 1,
  );
}

function parseEvents(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    const dot = name.lastIndexOf('.');
    if (dot < 1) throw new UsageError(`--events: "${name}" is not an event; write api.event, e.g. auth.user_created`);
    asUsage(() => {
      checkApiName(name.slice(0, dot));
      checkEventName(name.slice(0, dot), name.slice(dot + 1));
    });
  }
  return names;
}

function asUsage(check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
