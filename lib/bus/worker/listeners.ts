import type { DurableSpec } from '../../broker/broker.js';
import type { ApiDefinition } from '../../definition/api.js';
import { ReplayConsumer, type ReplayTarget } from '../../delivery/dead-letters/replay-consumer.js';
import { DeadLetterWriter } from '../../delivery/dead-letters/writer.js';
import { BatchRunner, type BatchRunnerOptions } from '../../delivery/handling/batch.js';
import type { DueEvent, Lookup } from '../../delivery/handling/decode.js';
import { EventRunner, type RunnerOptions } from '../../delivery/handling/runner.js';
import type { SettlementOptions } from '../../delivery/handling/settlement-options.js';
import type { ListenOptions } from '../../delivery/options.js';
import { ListenerLoop } from '../../delivery/scheduling/loop.js';
import type { Runner } from '../../delivery/scheduling/loop-options.js';
import { suspicionOf } from '../../delivery/scheduling/suspicion.js';
import { Threads } from '../../delivery/threads/pool.js';
import type { ReceivedEvent } from '../../message/message.js';
import { durableOf, subjectOf } from '../../names.js';
import type { Contracts } from '../contracts.js';
import type { Hooks } from '../hooks.js';
import type { ListenerSummary } from '../internals.js';
import type { Lifecycle, Opened } from '../lifecycle.js';
import type { Streams } from '../streams.js';
import { nameOf, type RecordedListener, type Target } from './registry.js';

/** Delayed naks count against this; a listener that reaches it gets nothing more until some of them are due. */
const MAX_ACK_PENDING = 5000;

export interface WorkerDependencies {
  readonly apis: ReadonlyMap<string, ApiDefinition>;
  readonly contracts: Contracts;
  readonly streams: Streams;
  readonly hooks: Hooks;
  readonly lifecycle: Lifecycle;
  /** A listener or a hook failed in a way that stops the worker. */
  readonly failed: (error: unknown) => void;
}

/** The listeners of one worker, at work. */
export class RunningListeners {
  readonly #parts: WorkerDependencies;
  readonly #opened: Opened;
  readonly #loops: ListenerLoop[] = [];
  /** By listener, for those whose handler is the URL of a module. */
  readonly #threads = new Map<RecordedListener, Threads>();
  readonly #deadLetters: DeadLetterWriter;
  readonly #replayTargets: ReplayTarget[] = [];
  #replays: ReplayConsumer | undefined;
  readonly summaries: ListenerSummary[] = [];

  constructor(opened: Opened, parts: WorkerDependencies) {
    this.#opened = opened;
    this.#parts = parts;
    const { config, broker } = opened;
    this.#deadLetters = new DeadLetterWriter(parts.lifecycle.clock, broker, parts.streams.deadLetters(config), config);
  }

  /**
   * Makes the streams of this service's APIs, and starts the listeners; resolves when each has its durable, or waits for a stream.
   *
   * @throws StreamConflict, DurableConflict, InvalidConfiguration, the signal's reason
   */
  async start(listeners: readonly RecordedListener[], signal: AbortSignal): Promise<void> {
    const { config, broker } = this.#opened;
    const { apis, streams } = this.#parts;
    const waitOptions = { signal };
    await this.#startThreads(listeners);
    await broker.connect(waitOptions);
    for (const apiName of apis.keys()) {
      const stream = streams.ofApi(config, apiName);
      if (stream.manage) await broker.ensureStream(stream, waitOptions);
    }
    await Promise.all(listeners.map((listener) => this.#startListener(listener, signal)));
    this.#startReplays();
    this.#prepareDeadLetters(signal);
  }

  /** Nothing begins any more; what runs goes on. */
  halt(): void {
    for (const loop of this.#loops) loop.halt();
  }

  /**
   * Stops all listeners; resolves when their acknowledgements have left.
   *
   * @param aborted is called when all handlers have ended or were aborted, if some were
   */
  async stop(timeout: number, aborted: () => void): Promise<void> {
    this.halt();
    const ends: string[] = [];
    const told = (how: string) => {
      if (ends.push(how) === this.#loops.length && ends.includes('aborted')) aborted();
    };
    // First: what they bring is the listeners' to give back.
    await this.#replays?.stop();
    const running = await Promise.all(this.#loops.map((loop) => loop.stop(timeout, told)));
    const abandoned = running.reduce((sum, each) => sum + each, 0);
    if (abandoned > 0) {
      this.#parts.lifecycle.logger.warn(
        { handlers: abandoned },
        'Stopped with handlers still running after shutdownTimeout; their events come again',
      );
    }
    this.#replays?.close();
    await Promise.all([...this.#threads.values()].map((threads) => threads.stop()));
    await this.#opened.broker.flush();
  }

  /** Before anything is handled, so that a module without a handler leaves nothing half done. */
  async #startThreads(listeners: readonly RecordedListener[]): Promise<void> {
    const starting = listeners.map(async (listener) => {
      const { handler, listenerName, options } = listener;
      if (!(handler instanceof URL)) return;
      const { concurrency: threads, handlerTimeout } = options;
      const { clock, logger } = this.#parts.lifecycle;
      const parts = { clock, listener: listenerName, module: handler, threads, handlerTimeout, logger };
      this.#threads.set(listener, await Threads.start(parts));
    });
    const failed = (await Promise.allSettled(starting)).find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #startListener(listener: RecordedListener, signal: AbortSignal): Promise<void> {
    const { broker } = this.#opened;
    const { options } = listener;
    const loop = new ListenerLoop({
      clock: this.#parts.lifecycle.clock,
      name: listener.listenerName,
      concurrency: options.concurrency,
      byKey: options.orderBy !== undefined,
      batches: options.batch,
      suspicionOf: (held) => suspicionOf(held.attempt, options.policy),
      logger: this.#parts.lifecycle.logger,
      runner: this.#runner(listener),
      failed: this.#parts.failed,
    });
    this.#loops.push(loop);
    this.#replayTargets.push({
      listenerName: listener.listenerName,
      lookup: this.#lookupFor(listener),
      accept: (held) => loop.accept(held),
      sentAt: (now) => loop.sentAt(now),
    });
    const durables = listener.targets.map((target) => this.#durableFor(listener, target));
    this.summaries.push({
      listenerName: listener.listenerName,
      apiNames: listener.apiNames,
      events: listener.targets.map(nameOf),
      durables: durables.map((durable) => durable.name),
    });
    const open = async (durable: DurableSpec) => {
      // One that still waits for its stream has told the loop nothing, and has to be closed with it all the same.
      loop.changed(await broker.open(durable, loop, { signal }));
    };
    await Promise.all(durables.map(open));
  }

  /** Does not wait: most workers never need them. */
  #prepareDeadLetters(signal: AbortSignal): void {
    this.#deadLetters.prepare({ signal }).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#parts.lifecycle.logger.warn(
        { err: error },
        'Dead letters cannot be kept; an event that a listener gives up would come again and again until they can',
      );
    });
  }

  #startReplays(): void {
    const { broker, config } = this.#opened;
    this.#replays = new ReplayConsumer({
      clock: this.#parts.lifecycle.clock,
      broker,
      logger: this.#parts.lifecycle.logger,
      stream: this.#parts.streams.replays(config),
      prefix: config.prefix,
      serviceName: config.serviceName,
      // Not the listeners' own: all versions of a service have to agree on it.
      lease: config.api('default').acknowledgementTimeout,
      targets: this.#replayTargets,
    });
    this.#replays.start();
  }

  #durableFor(listener: RecordedListener, { apiName, eventName }: Target): DurableSpec {
    const { config } = this.#opened;
    const { options, listenerName } = listener;
    const api = config.api(apiName);
    return {
      stream: this.#parts.streams.ofApi(config, apiName),
      name: durableOf(config.serviceName, listenerName, eventName),
      filterSubject: subjectOf(config.prefix, apiName, eventName ?? '*'),
      lease: options.lease ?? api.acknowledgementTimeout,
      maxAckPending: options.ordered ? 1 : MAX_ACK_PENDING,
      startAt: options.since instanceof Date ? { time: options.since } : options.since,
    };
  }

  #runner(listener: RecordedListener): Runner {
    const { options } = listener;
    const { hooks } = this.#parts;
    const threads = this.#threads.get(listener);
    const handler = threads?.handle ?? listener.handler;
    const parts = {
      ...this.#settlementParts(listener),
      // Threads keep to it themselves: there it ends a thread too.
      handlerTimeout: threads === undefined ? options.handlerTimeout : undefined,
      before: (event: ReceivedEvent) => hooks.run('beforeEventExecution', event),
    };
    if (options.batch !== undefined)
      return new BatchRunner({ ...parts, handler: handler as BatchRunnerOptions['handler'] });
    const orderBy = options.orderBy as ListenOptions['orderBy'];
    return new EventRunner({ ...parts, orderBy, handler: handler as RunnerOptions['handler'] });
  }

  #settlementParts(listener: RecordedListener): SettlementOptions {
    const { hooks, lifecycle } = this.#parts;
    const { options, listenerName } = listener;
    return {
      clock: lifecycle.clock,
      name: listenerName,
      logger: lifecycle.logger,
      debugs: () => lifecycle.logger.debugs(),
      lookup: this.#lookupFor(listener),
      onError: options.onError,
      policy: options.policy,
      hookTimeout: options.handlerTimeout,
      after: (event) => hooks.run('afterEventExecution', event),
      giveUp: (held, verdict) => this.#deadLetters.keep(held, listenerName, verdict),
    };
  }

  /** What each subject of a listener stands for; of a whole API also what its class does not declare. */
  #lookupFor(listener: RecordedListener): Lookup {
    const { prefix } = this.#opened.config;
    const known = new Map<string, DueEvent>();
    const wholeApis: { apiName: string; start: string }[] = [];
    for (const { apiName, eventName } of listener.targets) {
      if (eventName !== undefined) known.set(subjectOf(prefix, apiName, eventName), this.#due(apiName, eventName));
      else wholeApis.push({ apiName, start: subjectOf(prefix, apiName, '') });
    }
    return (subject) => {
      const due = known.get(subject);
      if (due !== undefined) return due;
      const api = wholeApis.find(({ start }) => subject.startsWith(start) && !subject.includes('.', start.length));
      if (api === undefined) return undefined;
      const learned = this.#due(api.apiName, subject.slice(api.start.length));
      // What the class declares is bounded; names from the wire are not, so they are not remembered.
      if (learned.contract !== undefined) known.set(subject, learned);
      return learned;
    };
  }

  #due(apiName: string, eventName: string): DueEvent {
    const { validate } = this.#opened.config.api(apiName);
    return { apiName, eventName, contract: this.#parts.contracts.of(apiName, eventName), validate: validate.incoming };
  }
}
