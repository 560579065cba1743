import { InvalidName } from './errors.js';

// Every name reaches NATS subjects or JetStream names as it stands: the client checks neither, so a space, a line break
// or a wildcard in a name would be a command of its own.
const IDENT = /^[A-Za-z][A-Za-z0-9_]*$/;
const SERVICE_OR_LISTENER = /^[A-Za-z0-9_]+(-[A-Za-z0-9_]+)*$/;

const IDENT_RULE = 'use letters, digits and underscores, starting with a letter';
const DASHED_RULE = 'use letters, digits and underscores, with single hyphens between them';

/** The longest durable name that is made, in bytes; JetStream itself stops at 255. */
export const MAX_DURABLE_LENGTH = 200;

/** Of `auth.user_created` in the subject of a copy. */
const MAX_EVENT_BYTES = 1000;

// Members of the bus and of its nodes, and what JavaScript itself asks every object for.
const REFUSED_WORDS: ReadonlySet<string> = new Set([
  'client',
  'fire',
  'listen',
  'listenBatch',
  'then',
  'toJSON',
  'toString',
  'valueOf',
  'inspect',
  'constructor',
  'prototype',
]);

/** Keys that reach an object's prototype when they are copied carelessly; refused as parameters and anywhere in a body. */
export const PROTOTYPE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a bus answers `key` itself, so that no API segment or event may be called so. */
export function isRefusedWord(key: string): boolean {
  return REFUSED_WORDS.has(key);
}

function quote(name: unknown): string {
  const text = typeof name === 'string' ? JSON.stringify(name) : String(name);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function checkIdent(what: string, name: string): void {
  if (name.startsWith('_')) {
    throw new InvalidName(
      `${what} ${quote(name)} starts with an underscore, which is kept for private members; rename it`,
    );
  }
  if (!IDENT.test(name)) throw new InvalidName(`${what} ${quote(name)} is not allowed; ${IDENT_RULE}`);
  if (REFUSED_WORDS.has(name)) {
    throw new InvalidName(
      `${what} ${quote(name)} is refused, because every bus has or is asked for a member of that name; rename it`,
    );
  }
}

/** @throws InvalidName unless `name` is `ident(.ident)*`, holds no refused word and does not start with `default` */
export function checkApiName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw new InvalidName(`API name ${quote(name)} is not allowed; give a string such as 'auth' or 'my_company.auth'`);
  }
  const segments = name.split('.');
  for (const segment of segments)
    checkIdent(segments.length === 1 ? 'API name' : `API name ${quote(name)}: segment`, segment);
  if (segments[0] === 'default') {
    throw new InvalidName(
      `API name ${quote(name)} is refused, because 'default' names the settings of all APIs; rename it`,
    );
  }
}

/** @throws InvalidName unless `name` is an ident and no refused word */
export function checkEventName(apiName: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new InvalidName(`Event name ${quote(name)} on API "${apiName}" is not a string`);
  checkIdent(`Event name on API "${apiName}":`, name);
}

/** @throws InvalidName unless `name` is an ident and no way to a prototype */
export function checkParameterName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !IDENT.test(name)) {
    throw new InvalidName(`Parameter name ${quote(name)} is not allowed; ${IDENT_RULE}`);
  }
  if (PROTOTYPE_KEYS.has(name)) {
    throw new InvalidName(
      `Parameter name ${quote(name)} is refused, because it reaches an object's prototype; rename it`,
    );
  }
}

/** @throws InvalidName unless `name` can be part of a durable's name */
export function checkServiceName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name.startsWith('@')) {
    const unscoped = name.replace(/^@[^/]*\//, '');
    throw new InvalidName(
      `Service name ${quote(name)} is a scoped package name, which NATS names cannot hold; set serviceName, e.g. ${quote(unscoped)}`,
    );
  }
  checkDashed('Service name', name);
}

/** @throws InvalidName unless `name` can be part of a durable's name */
export function checkListenerName(name: unknown): asserts name is string {
  checkDashed('Listener name', name);
}

/** @throws InvalidName unless `name` is one ident */
export function checkPrefix(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !IDENT.test(name)) {
    throw new InvalidName(`Prefix ${quote(name)} is not allowed; ${IDENT_RULE}`);
  }
}

function checkDashed(what: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || !SERVICE_OR_LISTENER.test(name)) {
    throw new InvalidName(`${what} ${quote(name)} is not allowed; ${DASHED_RULE}, e.g. 'price-monitor'`);
  }
}

/** The subject of an event: `lightbus.auth.user_created`. */
export function subjectOf(prefix: string, apiName: string, eventName: string): string {
  return `${prefix}.${apiName}.${eventName}`;
}

/** The subjects of all events of an API: `lightbus.auth.*`. */
export function apiSubjects(prefix: string, apiName: string): string {
  return `${prefix}.${apiName}.*`;
}

/** The stream of an API: `lightbus-my_company-auth`. */
export function streamOf(prefix: string, apiName: string): string {
  return `${prefix}-${apiName.replaceAll('.', '-')}`;
}

/**
 * The durable of a listener: `<service>--<listener>--<event>`, or `<service>--<listener>` for a whole API.
 *
 * @throws InvalidName if the whole is longer than {@link MAX_DURABLE_LENGTH} bytes
 */
export function durableOf(serviceName: string, listenerName: string, eventName?: string): string {
  const name =
    eventName === undefined ? `${serviceName}--${listenerName}` : `${serviceName}--${listenerName}--${eventName}`;
  if (name.length > MAX_DURABLE_LENGTH) {
    throw new InvalidName(
      `Durable name ${quote(name)} has ${name.length} bytes; shorten service, listener or event to ${MAX_DURABLE_LENGTH} together`,
    );
  }
  return name;
}

/** The stream that keeps what listeners gave up. */
export function deadLetterStream(prefix: string): string {
  return `${prefix}_dead_letters`;
}

/**
 * A stranger's event may have a name so long that one more token would make a line which servers refuse by closing the
 * connection: its copies bear the beginning.
 *
 * @param event as `auth.user_created`
 */
export function deadLetterSubject(prefix: string, serviceName: string, listenerName: string, event: string): string {
  return `${deadLetterStream(prefix)}.${serviceName}.${listenerName}.${beginning(event)}`;
}

function beginning(event: string): string {
  if (event.length * 3 <= MAX_EVENT_BYTES) return event;
  return Buffer.from(event)
    .toString('utf8', 0, MAX_EVENT_BYTES)
    .replace(/\uFFFD$/, '');
}

/** The stream that takes dead letters back to the listener that gave them up. */
export function replayStream(prefix: string): string {
  return `${prefix}_replays`;
}

/** @param event as `auth.user_created` */
export function replaySubject(prefix: string, serviceName: string, listenerName: string, event: string): string {
  return `${replayStream(prefix)}.${serviceName}.${listenerName}.${beginning(event)}`;
}
