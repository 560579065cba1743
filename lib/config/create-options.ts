import { InvalidConfiguration } from '../errors.js';
import { checkServiceName } from '../names.js';
import { checkOption, checkOptions, isMapping, refusal, unknownKey } from './check.js';
import type { NatsOptions } from './nats-options.js';
import { NATS_OPTIONS } from './nats-options.js';
import type { ConfigInput } from './options.js';
import { CONFIG_OPTIONS } from './options.js';

/** The options of `create()` that configure; the others name APIs and a logger. */
export interface CreatedConfig {
  /** Name of the service. */
  serviceName?: string | undefined;
  /** Name of this one process. */
  processName?: string | undefined;
  /** Path of a configuration file, or what such a file holds. */
  config?: string | ConfigInput | undefined;
  /** How to reach NATS; short for `config.nats`, and before it where both are given. */
  nats?: NatsOptions | undefined;
}

const KNOWN = ['serviceName', 'processName', 'apis', 'config', 'nats', 'logger'] as const;

/**
 * Checks what was given to `create()`, at once, so that the error's stack leads to the call.
 *
 * @throws InvalidConfiguration for an unknown option or a value that is not allowed; InvalidName for a service's name
 */
export function checkCreateOptions(options: unknown): void {
  const path = 'create()';
  if (!isMapping(options)) throw refusal(path, options, `options such as { serviceName: 'price-monitor' }`);
  for (const key of Object.keys(options)) {
    if (!(KNOWN as readonly string[]).includes(key)) throw unknownKey(`${path}: ${key}`, key, KNOWN);
  }
  const { serviceName, processName, apis, config, nats, logger } = options;
  if (serviceName !== undefined) {
    checkOption(CONFIG_OPTIONS.serviceName, serviceName, `${path}: serviceName`);
    checkServiceName(serviceName);
  }
  if (processName !== undefined) checkOption(CONFIG_OPTIONS.processName, processName, `${path}: processName`);
  if (nats !== undefined) checkOptions(NATS_OPTIONS, nats, `${path}: nats`);
  if (config !== undefined) checkConfig(config, `${path}: config`);
  if (apis !== undefined && !(Array.isArray(apis) && apis.every((api) => typeof api === 'function'))) {
    throw refusal(`${path}: apis`, apis, 'a list of API classes, e.g. [AuthApi]');
  }
  if (logger !== undefined) checkLogger(logger, `${path}: logger`);
}

function checkConfig(config: unknown, path: string): void {
  if (typeof config === 'string' && config !== '') return;
  if (!isMapping(config)) throw refusal(path, config, 'the path of a file, or a mapping such as { logLevel: "debug" }');
  checkOptions(CONFIG_OPTIONS, config, path);
}

function checkLogger(logger: unknown, path: string): void {
  const methods = ['debug', 'info', 'warn', 'error'];
  const missing = methods.filter(
    (method) => typeof (logger as Record<string, unknown> | null)?.[method] !== 'function',
  );
  if (missing.length > 0) {
    throw new InvalidConfiguration(
      `${path} has no method ${missing.join(', ')}; give the console, a pino or winston logger, or one of pino's shape`,
    );
  }
}
