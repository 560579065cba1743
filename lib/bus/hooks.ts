import { describeValue } from '../describe-value.js';
import { InvalidConfiguration } from '../errors.js';
import type { EventMessage, OutgoingEvent, ReceivedEvent } from '../message/message.js';

/** What a hook of the worker is given. */
export interface WorkerHookArgument {
  /** Aborted when the hook has to end: `onStart` when the worker is stopped meanwhile, `onStop` after `shutdownTimeout`. */
  readonly signal: AbortSignal;
}

/** Each hook and what it is given. */
export interface HookArguments {
  onStart: WorkerHookArgument;
  onStop: WorkerHookArgument;
  beforeEventSent: OutgoingEvent;
  afterEventSent: EventMessage;
  beforeEventExecution: ReceivedEvent;
  afterEventExecution: ReceivedEvent;
}

export type HookName = keyof HookArguments;

/** Hooks by name; those of one name run one after another, in the order in which they were added. */
export class Hooks {
  readonly #hooks = new Map<HookName, ((argument: never) => unknown)[]>();

  /** @throws InvalidConfiguration if `hook` is not a function */
  add<N extends HookName>(name: N, hook: (argument: HookArguments[N]) => unknown): void {
    if (typeof hook !== 'function')
      throw new InvalidConfiguration(`bus.client.${name}(hook): the hook is ${describeValue(hook)}; give a function`);
    const hooks = this.#hooks.get(name);
    if (hooks === undefined) this.#hooks.set(name, [hook]);
    else hooks.push(hook);
  }

  /** Whether there is a hook of this name. */
  has(name: HookName): boolean {
    return this.#hooks.has(name);
  }

  /** The hooks of one name, in the order in which they were added. */
  named<N extends HookName>(name: N): readonly ((argument: HookArguments[N]) => unknown)[] {
    return (this.#hooks.get(name) ?? []) as ((argument: HookArguments[N]) => unknown)[];
  }

  /** Undefined where there is no hook, so that the hot path need not wait for nothing. */
  run<N extends HookName>(name: N, argument: HookArguments[N]): Promise<void> | undefined {
    const hooks = this.#hooks.get(name);
    return hooks === undefined ? undefined : runAll(hooks as ((argument: HookArguments[N]) => unknown)[], argument);
  }
}

async function runAll<A>(hooks: readonly ((argument: A) => unknown)[], argument: A): Promise<void> {
  for (const hook of hooks) await hook(argument);
}
