import { basename, dirname } from 'node:path';
import { InvalidConfiguration } from '../errors.js';
import type { LogLevel } from '../logger.js';
import { checkPrefix, checkServiceName } from '../names.js';
import { API_OPTIONS, SYSTEM_STREAM_OPTIONS } from './api-options.js';
import { checkOption, checkOptions, refusal } from './check.js';
import type { ApiConfig, Config, StreamConfig } from './config.js';
import type { CreatedConfig } from './create-options.js';
import type { Layer } from './layers.js';
import { firstOf, layersOf, resolveOptions, withPathsIn } from './layers.js';
import { resolveNats } from './nats.js';
import { CONFIG_OPTIONS } from './options.js';

/** What the command line sets; it comes before everything else. */
export interface ConfigFlags {
  serviceName?: string | undefined;
  processName?: string | undefined;
  logLevel?: LogLevel | undefined;
  /** Path of a configuration file. */
  config?: string | undefined;
  servers?: string | readonly string[] | undefined;
}

export interface ConfigSources {
  readonly flags?: ConfigFlags | undefined;
  /** What was given to `create()`, already checked. */
  readonly created?: CreatedConfig | undefined;
  /** The configuration file; its path is absolute, its content unchecked. */
  readonly file?: { readonly path: string; readonly input: unknown } | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The `name` of the nearest package.json. */
  readonly packageName?: string | undefined;
  /** What a process is called where nobody says otherwise. */
  readonly defaultProcessName?: string | undefined;
}

interface Source {
  readonly name: string;
  readonly options: Layer;
}

/**
 * The one configuration out of all sources: command line > `create()` > file > environment > default.
 *
 * @throws InvalidConfiguration for what a source may not hold, and without a service's name; InvalidName for a bad name
 */
export function resolveConfig(sources: ConfigSources): Config {
  const ordered = inOrder(sources);
  const layers = ordered.map(({ options }) => options);
  const options = resolveOptions(CONFIG_OPTIONS, layers);
  const { serviceName, warnings } = resolveServiceName(ordered, sources.packageName);
  checkPrefix(options.prefix);
  const apis = new Map<string, ApiConfig>();
  return {
    serviceName,
    processName: (options.processName as string | undefined) ?? sources.defaultProcessName ?? serviceName,
    prefix: options.prefix,
    logLevel: options.logLevel as LogLevel,
    shutdownTimeout: options.shutdownTimeout as number,
    nats: resolveNats(layersOf(layers, 'nats')),
    deadLetters: { stream: resolveSystemStream(layers, 'deadLetters') },
    replays: { stream: resolveSystemStream(layers, 'replays') },
    warnings,
    api(apiName) {
      const known = apis.get(apiName) ?? resolveApi(layers, apiName);
      apis.set(apiName, known);
      return known;
    },
  };
}

function inOrder({ flags = {}, created = {}, file, environment = {} }: ConfigSources): Source[] {
  const { config, servers, ...flagOptions } = flags;
  const { config: given, nats, serviceName, processName } = created;
  const configObject = typeof given === 'object' ? given : {};
  const sources: Source[] = [
    { name: 'the command line', options: { ...flagOptions, nats: { servers } } },
    { name: 'create()', options: { serviceName, processName, nats } },
    { name: 'create({ config })', options: { ...configObject } },
    ...(file === undefined ? [] : [fromFile(file)]),
    { name: 'the environment', options: fromEnvironment(environment) },
  ];
  return sources;
}

function fromFile({ path, input }: { path: string; input: unknown }): Source {
  const name = basename(path);
  checkOptions(CONFIG_OPTIONS, input, `${name}:`);
  return { name, options: withPathsIn(dirname(path), CONFIG_OPTIONS, input as Layer) };
}

// An empty variable is how shells and compose files say "not set".
function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Layer {
  const read = (name: string) => environment[name]?.trim() || undefined;
  const logLevel = read('LIGHTBUS_LOG_LEVEL');
  if (logLevel !== undefined) checkOption(CONFIG_OPTIONS.logLevel, logLevel, 'LIGHTBUS_LOG_LEVEL');
  const processName = read('LIGHTBUS_PROCESS_NAME');
  if (processName !== undefined) checkOption(CONFIG_OPTIONS.processName, processName, 'LIGHTBUS_PROCESS_NAME');
  return { serviceName: read('LIGHTBUS_SERVICE_NAME'), processName, logLevel, nats: { servers: read('NATS_URL') } };
}

function resolveServiceName(sources: readonly Source[], packageName: string | undefined) {
  const given = sources.flatMap(({ name, options }) => {
    const serviceName = options?.serviceName;
    return serviceName === undefined ? [] : [{ from: name, serviceName }];
  });
  const [chosen = { from: 'package.json', serviceName: packageName }] = given;
  if (chosen.serviceName === undefined) {
    throw new InvalidConfiguration(
      "The service has no name; set it with create({ serviceName: 'price-monitor' }), serviceName in lightbus.yaml, " +
        'LIGHTBUS_SERVICE_NAME, --service-name, or name in package.json',
    );
  }
  const { serviceName, from } = chosen;
  checkServiceName(serviceName);
  const warnings = given
    .filter((other) => other.serviceName !== serviceName)
    .map(
      (other) =>
        `The service is called "${serviceName}" by ${from} and "${other.serviceName}" by ${other.from}; ` +
        `"${serviceName}" is used, and listeners continue at its positions`,
    );
  return { serviceName, warnings };
}

function resolveApi(layers: readonly Layer[], apiName: string): ApiConfig {
  const perApi = layersOf(layers, 'apis');
  const own = layersOf(perApi, apiName);
  const all = layersOf(perApi, 'default');
  const options = resolveOptions(API_OPTIONS, [...own, ...all]);
  return {
    // As ApiConfig: the table has one entry for each of its members, and tests hold the two together.
    ...(options as unknown as ApiConfig),
    manage: (options.manage ?? firstOf(layers, 'manage') ?? CONFIG_OPTIONS.manage.default) as boolean,
    stream: resolveStream(
      options.stream as StreamConfig,
      layersOf([...own, ...all], 'stream'),
      `apis.${apiName}.stream`,
    ),
  };
}

/** Where and in how many copies is as for the APIs, unless it is said. */
function resolveSystemStream(layers: readonly Layer[], key: 'deadLetters' | 'replays'): StreamConfig {
  const own = layersOf(layersOf(layers, key), 'stream');
  const { storage, replicas, placement } = resolveApi(layers, 'default').stream;
  const given = resolveOptions(SYSTEM_STREAM_OPTIONS, layersOf(layers, key)).stream as StreamConfig;
  const stream = {
    ...given,
    storage: given.storage ?? storage,
    replicas: given.replicas ?? replicas,
    placement: (firstOf(own, 'placement') as StreamConfig['placement'] | undefined) ?? placement,
  };
  return resolveStream(stream, own, `${key}.stream`);
}

function resolveStream(stream: StreamConfig, layers: readonly Layer[], path: string): StreamConfig {
  const explicitWindow = firstOf(layers, 'duplicateWindow');
  const { maxAge, duplicateWindow } = stream;
  if (maxAge !== null && duplicateWindow > maxAge && explicitWindow !== undefined) {
    throw refusal(`${path}.duplicateWindow`, explicitWindow, 'no more than maxAge, which the server demands');
  }
  return {
    ...stream,
    duplicateWindow: Math.min(duplicateWindow, maxAge ?? duplicateWindow),
    placement: resolvePlacement(stream.placement),
  };
}

function resolvePlacement(placement: { cluster?: string; tags?: string | readonly string[] } | null | undefined) {
  if (placement === null || placement === undefined) return null;
  const { cluster, tags } = placement;
  return { ...(cluster !== undefined && { cluster }), ...(tags !== undefined && { tags: [tags].flat() as string[] }) };
}
