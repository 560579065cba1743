import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import type { CreatedConfig } from '../config/create-options.js';
import type { ConfigFlags } from '../config/resolve.js';
import { resolveConfig } from '../config/resolve.js';
import { InvalidConfiguration } from '../errors.js';
import { plain } from '../secret-text.js';

const DEFAULT_FILES = ['lightbus.yaml', 'lightbus.yml', 'lightbus.json'] as const;

/**
 * Reads the configuration file, the environment and the package's name, and resolves them.
 *
 * @throws InvalidConfiguration, InvalidName
 */
export async function loadConfig({
  flags,
  created,
  environment = process.env,
  directory = process.cwd(),
}: {
  flags?: ConfigFlags | undefined;
  created?: CreatedConfig | undefined;
  environment?: Readonly<Record<string, string | undefined>>;
  directory?: string;
}): Promise<Config> {
  const path = await findConfigFile({ flags, created, environment, directory });
  const file = path === undefined ? undefined : { path, input: await readConfigFile(path) };
  return resolveConfig({
    flags,
    created,
    file,
    environment,
    packageName: await readPackageName(directory),
    defaultProcessName: `${hostname().replace(/[^\x21-\x7e]/g, '') || 'localhost'}-${process.pid}`,
  });
}

async function findConfigFile({
  flags,
  created,
  environment,
  directory,
}: {
  flags: ConfigFlags | undefined;
  created: CreatedConfig | undefined;
  environment: Readonly<Record<string, string | undefined>>;
  directory: string;
}): Promise<string | undefined> {
  const named =
    flags?.config ??
    (typeof created?.config === 'string' ? created.config : undefined) ??
    (environment.LIGHTBUS_CONFIG || undefined);
  if (named !== undefined) {
    if (plain(named) === named) return resolve(directory, named);
    throw new InvalidConfiguration(
      'What is given as the path of the configuration file is not one (not shown, it may hold secrets); give a path, or create({ config: { … } }) with its content',
    );
  }
  const there: string[] = [];
  for (const name of DEFAULT_FILES) if (await exists(join(directory, name))) there.push(name);
  const [first, second] = there;
  if (second !== undefined) {
    throw new InvalidConfiguration(
      `${first} and ${second} are both in ${directory}; remove one, or name one with --config`,
    );
  }
  return first === undefined ? undefined : join(directory, first);
}

/** The content of a YAML or JSON file, which must be a mapping. */
async function readConfigFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'is not there' : `cannot be read (${cause.code})`;
    throw new InvalidConfiguration(`The configuration file ${path} ${reason}`, { cause });
  });
  const json = path.endsWith('.json');
  // Imported late, because in a browser's environment, such as jsdom, another build would be found.
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  // JSON is a part of YAML, and is read as such, because errors of JSON.parse have no line. No text of the file may reach
  // an error, because it may be a password: hence no pretty errors, and messages are cut before quotations.
  const document = parseDocument(text, { schema: json ? 'json' : 'core', prettyErrors: false, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const what = error.message.replace(/:? ?".*$/s, '');
    throw new InvalidConfiguration(`${path}:${line}:${col}: no valid ${json ? 'JSON' : 'YAML'}: ${what}`);
  }
  const content: unknown = toPlain(path, () => document.toJS());
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new InvalidConfiguration(
      `The configuration file ${path} holds no mapping; write e.g. serviceName: price-monitor`,
    );
  }
  refuseVariables(path, content);
  return content;
}

/** Refuses `${PASSWORD}`: values are taken literally, and nobody who writes this expects that. */
function refuseVariables(path: string, value: unknown, key = ''): void {
  if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) refuseVariables(path, item, key === '' ? name : `${key}.${name}`);
  } else if (typeof value === 'string' && /\$\{\w+\}/.test(value)) {
    throw new InvalidConfiguration(
      `The configuration file ${path} has a variable in ${key}, and variables are not replaced; set it in create({ config: { … } }), from process.env`,
    );
  }
}

function toPlain(path: string, convert: () => unknown): unknown {
  try {
    return convert();
  } catch {
    throw new InvalidConfiguration(`The configuration file ${path} has aliases (*name) that cannot be resolved`);
  }
}

/** The `name` in the nearest package.json upwards, if there is one. */
async function readPackageName(directory: string): Promise<string | undefined> {
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined) {
    const parent = dirname(directory);
    return parent === directory ? undefined : readPackageName(parent);
  }
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
