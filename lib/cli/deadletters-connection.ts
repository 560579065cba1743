import { create } from '../bus/create.js';
import type { DeadLetters } from '../bus/dead-letters/admin.js';
import { LightbusError } from '../errors.js';
import { hasBusModule, type LoadedBus, loadBus } from './load-bus.js';
import type { Terminal } from './terminal.js';

/** What names the connection where there is no bus module, and so no service. */
const OUR_NAME = 'lightbus-command';

export interface ConnectionFlags {
  readonly bus?: string;
  readonly config?: string;
}

/** Does something with the dead letters of the bus here, or of the server that the configuration names; closes the connection. */
export async function withDeadLetters(
  { bus: module, config }: ConnectionFlags,
  terminal: Terminal,
  act: (deadLetters: DeadLetters, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { directory, environment } = terminal;
  // Standard output belongs to the command: a bus module may print a greeting.
  terminal.reserveOutput();
  // A bus of our own has the internals that the public type of a client leaves out.
  const owned = await hasBusModule({ module, directory, environment });
  const { client }: Pick<LoadedBus, 'client'> = owned
    ? await loadBus({ module, directory, environment })
    : (create() as unknown as LoadedBus);
  const stopping = new AbortController();
  let stopAtOnce: () => void = () => {};
  const stoppedAtOnce = new Promise<never>((_resolve, reject) => {
    stopAtOnce = () => reject(new LightbusError('Stopped at once; run the same command again to go on'));
  });
  const forget = terminal.onSignal((signal) => {
    if (stopping.signal.aborted) return stopAtOnce();
    terminal.warn(`${signal}: ending what is under way; again to stop at once\n`);
    stopping.abort();
  });
  try {
    // The log tells of connections and streams, which is for workers; what goes wrong here is thrown.
    client['~lightbus'].configure({ config, logLevel: 'error', ...(owned ? {} : { serviceName: OUR_NAME }) });
    if (client.deadLetters === undefined)
      throw new LightbusError("The bus module's own copy of lightbus-jetstream knows no dead letters; update it");
    await Promise.race([act(client.deadLetters, stopping.signal), stoppedAtOnce]);
  } finally {
    forget();
    await Promise.race([client.close(), stoppedAtOnce]);
  }
}
