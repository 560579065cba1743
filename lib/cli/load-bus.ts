import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import type { DeadLetters } from '../bus/dead-letters/admin.js';
import type { BusInternals } from '../bus/internals.js';
import { FailedToImportBusModule } from '../errors.js';

/** What the command line uses of a bus, whichever copy of the package made it. */
export interface LoadedBus {
  readonly client: {
    readonly '~lightbus': BusInternals;
    startWorker(options?: { signal?: AbortSignal }): Promise<{ readonly done: Promise<void>; stop(): Promise<void> }>;
    close(): Promise<void>;
    /** Undefined: the module has a copy of the package that is older than dead letters. */
    readonly deadLetters?: DeadLetters;
  };
}

const BUS_FILES = ['bus.ts', 'bus.mts', 'bus.cts', 'bus.js', 'bus.mjs', 'bus.cjs'] as const;

/**
 * Imports a bus module, TypeScript or JavaScript, and finds the bus that it exports under whatever name.
 *
 * @param options `module`: a file, a folder, or the name of a package; without one, `LIGHTBUS_MODULE`, or `bus.ts` and
 *   the like in `directory`
 * @throws FailedToImportBusModule if there is no such module, if it throws, or exports no bus or several
 */
export async function loadBus(options: {
  module?: string | undefined;
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
}): Promise<LoadedBus> {
  const { directory, environment } = options;
  const path = await findModule(options.module ?? (environment.LIGHTBUS_MODULE || undefined), directory);
  const shown = relative(directory, path);
  const name = shown === '' || shown.startsWith('..') ? path : shown;
  return theBusIn(await importModule(path, name), name);
}

/** Whether a bus module is named, or there is one in `directory`: for commands that can do without. */
export async function hasBusModule(options: {
  module?: string | undefined;
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
}): Promise<boolean> {
  if (options.module !== undefined || options.environment.LIGHTBUS_MODULE) return true;
  const names = await readdir(options.directory).catch(() => [] as string[]);
  return BUS_FILES.some((name) => names.includes(name));
}

async function findModule(module: string | undefined, directory: string): Promise<string> {
  if (module === undefined) return findBusFile(directory);
  const path = module.startsWith('file:') ? fileURLToPath(module) : resolve(directory, module);
  const found = await kindOf(path);
  if (found === 'file') return path;
  if (found === 'folder') return findBusFile(path);
  const isPath = /^(\.{0,2}[\\/]|\.{1,2}$|file:|[A-Za-z]:[\\/])/.test(module);
  const fromPackage = isPath ? undefined : resolvePackage(module, directory);
  if (fromPackage !== undefined) return fromPackage;
  throw new FailedToImportBusModule(
    isPath
      ? `There is no bus module at ${path}; give --bus the path of the file that creates the bus`
      : `There is no bus module "${module}": neither the file ${path}, nor a package of that name in ${directory}`,
  );
}

async function findBusFile(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found = BUS_FILES.find((name) => names.includes(name));
  if (found !== undefined) return join(folder, found);
  throw new FailedToImportBusModule(
    `There is no bus module in ${folder}; looked for ${BUS_FILES.join(', ')}. Change to the service's folder, or name the ` +
      'file with --bus or LIGHTBUS_MODULE',
  );
}

function resolvePackage(name: string, directory: string): string | undefined {
  const resolved = loader(directory).esmResolve(name, { try: true });
  return resolved?.startsWith('file:') ? fileURLToPath(resolved) : resolved;
}

// Without a cache on disk: what lies in a folder for temporary files could have been put there by anybody.
function loader(directory: string) {
  return createJiti(pathToFileURL(join(directory, 'noop.js')).href, { fsCache: false, interopDefault: false });
}

async function importModule(path: string, name: string): Promise<unknown> {
  try {
    return await loader(resolve(path, '..')).import(path);
  } catch (cause) {
    const { message, where } = summarise(cause, path);
    throw new FailedToImportBusModule(`${name} threw while it was imported: ${message}${where}${aliasHint(cause)}`, {
      cause,
    });
  }
}

/** Names such as `@/api` or `~/api` are paths of a tsconfig.json, which nothing resolves at run time. */
function aliasHint(cause: unknown): string {
  const missing = /Cannot find (?:module|package) '([@~#]\/[^']*|~[^']*)'/.exec(
    (cause as Error | undefined)?.message ?? '',
  );
  return missing === null
    ? ''
    : `; ${missing[1]} looks like a path of tsconfig.json, which is not resolved: write a relative path, or "imports" in package.json`;
}

function summarise(cause: unknown, path: string): { message: string; where: string } {
  if (!(cause instanceof Error)) return { message: String(cause), where: '' };
  const [firstLine = '', ...more] = cause.message.trim().split('\n');
  // The first place outside of packages is the user's own, which need not be the bus module itself. Where the syntax is
  // wrong there is none on the stack, and the message has it further down.
  const frames = (cause.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node_modules|node:|<anonymous>/.test(line));
  const frame = frames.find((line) => line.includes(basename(path))) ?? frames[0] ?? more.join('\n');
  const place = /[^\s()]+:\d+:\d+/.exec(frame)?.[0];
  return { message: `${cause.name}: ${firstLine.trim()}`, where: place === undefined ? '' : ` (at ${place})` };
}

function theBusIn(exports: unknown, name: string): LoadedBus {
  const values = typeof exports === 'object' && exports !== null ? Object.entries(exports) : [];
  const named = new Map<LoadedBus, string>();
  // `export const bus` and `export default bus` are one bus; a CommonJS module may be the bus itself.
  for (const [key, value] of [...values, ['module.exports', exports] as const]) {
    if (isBus(value) && !named.has(value)) named.set(value, key);
  }
  const [bus, ...others] = named.keys();
  if (bus === undefined) {
    const exported = values.filter(([key]) => key !== '__esModule').map(([key, value]) => nameOf(key, value));
    throw new FailedToImportBusModule(
      `${name} exports ${exported.length === 0 ? 'nothing' : `${exported.join(', ')}, which ${exported.length === 1 ? 'is' : 'are'} not a bus`}; ` +
        "write in it: export const bus = create({ serviceName: 'my-service' })",
    );
  }
  if (others.length > 0) {
    throw new FailedToImportBusModule(
      `${name} exports ${named.size} buses: ${[...named.values()].join(', ')}; export one, and keep the others in files of their own`,
    );
  }
  return bus;
}

function nameOf(key: string, value: unknown): string {
  return typeof value === 'function' && !/^class\b/.test(String(value)) ? `${key} (a function)` : key;
}

function isBus(value: unknown): value is LoadedBus {
  try {
    // Events of a bus have `~lightbus` too: only the whole bus can be configured.
    const internals = (value as LoadedBus | undefined)?.client?.['~lightbus'];
    return typeof internals === 'object' && typeof internals.configure === 'function';
  } catch {
    return false;
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  return stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );
}
