import { InvalidName } from '../errors.js';
import { isRefusedWord } from '../names.js';

/** The verbs of a bus's nodes; each gets the API and the event of the node's path. */
export interface Verbs {
  fire(apiName: string, eventName: string, args: readonly unknown[]): Promise<unknown>;
  listen(apiName: string, eventName: string, args: readonly unknown[]): unknown;
  listenBatch(apiName: string, eventName: string, args: readonly unknown[]): unknown;
}

/** Properties of the bus itself, besides its APIs. */
export type Members = Readonly<Record<string | symbol, unknown>>;

/** How many names a node remembers, so that each always returns the same object: more than any API declares. */
const MAX_CACHED_NAMES = 1000;

/**
 * The bus as an object of nodes, `bus.auth.user_created`. A node knows nothing but its path. When a verb is called on it, the
 * last token of the path is the event, and those before it are the API.
 */
export function createBus<B>(members: Members, verbs: Verbs): B {
  return node([], members, verbs) as B;
}

function node(path: readonly string[], members: Members, verbs: Verbs): object {
  const children = new Map<string | symbol, object>();
  return new Proxy(target(path, members), {
    get(own, key) {
      const child = children.get(key);
      if (child !== undefined) return child;
      if (Object.hasOwn(own, key)) return Reflect.get(own, key) as unknown;
      // Names that JavaScript looks up on every object (`then` for `await`, `toJSON`, symbols for printing) are not events.
      if (typeof key === 'symbol' || key === '__proto__') return Reflect.get(Object.prototype, key) as unknown;
      const isVerb = key === 'fire' || key === 'listen' || key === 'listenBatch';
      if (!isVerb && isRefusedWord(key)) return Reflect.get(Object.prototype, key) as unknown;
      const made = isVerb ? verb(key, path, verbs) : node([...path, key], {}, verbs);
      // Names may come from outside, and must not fill the memory.
      if (children.size < MAX_CACHED_NAMES) children.set(key, made);
      return made;
    },
    set() {
      throw new TypeError('A bus cannot be changed; events are declared in an API class');
    },
  });
}

/** A node's own properties: few, so that printing, comparing and JSON work as for a plain object. */
function target(path: readonly string[], members: Members): object {
  const name = ['bus', ...path].join('.');
  const own: Record<string | symbol, unknown> = { ...members };
  const hidden: Record<string, unknown> = {
    toString: () => `[lightbus ${name}]`,
    ...(path.length > 0
      ? { '~lightbus': Object.freeze({ apiName: path.slice(0, -1).join('.'), eventName: path.at(-1) }) }
      : {}),
  };
  for (const [key, value] of Object.entries(hidden)) Object.defineProperty(own, key, { value, enumerable: false });
  return own;
}

function verb(name: keyof Verbs, path: readonly string[], verbs: Verbs): (...args: unknown[]) => unknown {
  const apiName = path.slice(0, -1).join('.');
  const eventName = path.at(-1);
  const call = (args: unknown[]) => {
    if (eventName === undefined || apiName === '') {
      throw new InvalidName(
        `bus.${[...path, name].join('.')}() names no event; write bus.<api>.<event>.${name}(…), e.g. bus.auth.user_created.${name}(…)`,
      );
    }
    return verbs[name](apiName, eventName, args);
  };
  if (name !== 'fire') return (...args) => call(args);
  return (...args) => {
    try {
      return call(args); // Already a promise; an async function would add a turn.
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
