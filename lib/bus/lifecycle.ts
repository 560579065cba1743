import { AsyncResource } from 'node:async_hooks';
import { adaptLogger, writesDebug } from '../adapt-logger.js';
import type { Broker } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { CreatedConfig } from '../config/create-options.js';
import type { ConfigFlags } from '../config/resolve.js';
import { BusAlreadyClosed, InvalidConfiguration } from '../errors.js';
import { createLogger, type GuardedLogger, guardLogger, LOG_LEVELS, type Logger, type LogLevel } from '../logger.js';
import { loadConfig } from './config-file.js';
import { Scope } from './scope.js';

/** What a bus works with once it is open. */
export interface Opened {
  readonly config: Config;
  readonly broker: Broker;
}

/** Opens a bus when it is first used, once; closes it. */
export class Lifecycle {
  readonly #created: CreatedConfig;
  readonly #remarks: () => Iterable<string>;
  readonly #makeBroker: (config: Config, logger: Logger) => Broker;
  readonly logger: GuardedLogger;
  readonly clock: Clock;
  /** What handlers and hooks run in. */
  readonly scope = new Scope();
  /** Where the connection and all that it brings run: in the context of who created the bus, not of who used it first. */
  readonly #context = this.scope.run(() => new AsyncResource('lightbus'));
  #flags: ConfigFlags = {};
  #level: LogLevel = levelFromEnvironment();
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;
  #workerStopped = false;

  constructor(options: {
    clock: Clock;
    created: CreatedConfig;
    logger: Logger | undefined;
    /** What is said at level `debug` once the bus is open. */
    remarks: () => Iterable<string>;
    makeBroker: (config: Config, logger: Logger) => Broker;
  }) {
    this.clock = options.clock;
    this.#created = options.created;
    this.#remarks = options.remarks;
    this.#makeBroker = options.makeBroker;
    const { logger } = options;
    const own = () => createLogger({ level: () => this.#level, target: process.stderr });
    const debugs = () => this.#level === 'debug' || (logger !== undefined && writesDebug(logger));
    this.logger = guardLogger(logger === undefined ? own() : adaptLogger(logger), debugs);
  }

  /** Whether somebody has asked to close it. */
  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** Undefined until the bus is open; spares the hot path a promise. */
  get opened(): Opened | undefined {
    return this.#opened;
  }

  /** @throws InvalidConfiguration if the bus is open already */
  configure(flags: ConfigFlags): void {
    if (this.#opening !== undefined)
      throw new InvalidConfiguration('The bus is open already; configure it before it is used');
    this.#flags = flags;
    if (flags.logLevel !== undefined) this.#level = flags.logLevel;
  }

  /** Resolves the configuration; connects to nothing. @throws InvalidConfiguration, InvalidName, BusAlreadyClosed */
  open(): Promise<Opened> {
    this.checkNotClosed();
    if (this.#opening === undefined) {
      const opening = this.#context.runInAsyncScope(() => this.#open());
      this.#opening = opening;
      // A file may be mended, a variable set: the next call tries again.
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  /** What handlers and hooks still do is part of what a closing bus waits for. @throws BusAlreadyClosed */
  checkNotClosed(): void {
    if (this.#closing !== undefined && (this.#workerStopped || !this.scope.entered)) this.checkNotClosing();
  }

  /** @throws BusAlreadyClosed */
  checkNotClosing(): void {
    if (this.#closing !== undefined) throw new BusAlreadyClosed('The bus is closed; create another one');
  }

  /** @param ending `stopWorker` lets handlers and hooks end, `settle` what was fired */
  close(ending: { stopWorker: () => Promise<void>; settle: () => Promise<void> }): Promise<void> {
    this.#closing ??= this.#close(ending);
    return this.#closing;
  }

  async #open(): Promise<Opened> {
    const config = await loadConfig({ flags: this.#flags, created: this.#created });
    this.#level = config.logLevel;
    for (const warning of config.warnings) this.logger.warn({}, warning);
    if (this.logger.debugs()) for (const remark of this.#remarks()) this.logger.debug({}, remark);
    this.#opened = { config, broker: this.#makeBroker(config, this.logger) };
    return this.#opened;
  }

  async #close({
    stopWorker,
    settle,
  }: {
    stopWorker: () => Promise<void>;
    settle: () => Promise<void>;
  }): Promise<void> {
    await stopWorker();
    this.#workerStopped = true;
    await settle();
    // A bus that could not be opened has nothing to close, and who opened it has had the error.
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.broker.close();
  }
}

function levelFromEnvironment(): LogLevel {
  const level = process.env.LIGHTBUS_LOG_LEVEL as LogLevel | undefined;
  return level !== undefined && LOG_LEVELS.includes(level) ? level : 'info';
}
