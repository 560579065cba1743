import { setMaxListeners } from 'node:events';
import { checkOptions } from '../config/check.js';
import type { RuleTable } from '../config/option.js';
import type { EventDefinition } from '../definition/api.js';
import { describeValue } from '../describe-value.js';
import { MAX_TIMER_MS } from '../duration.js';
import { InvalidConfiguration, InvalidEventArguments } from '../errors.js';
import type { FireOptions } from './handles.js';
import { SIGNAL } from './signal-option.js';

const MAX_ID_LENGTH = 512;
const NO_OPTIONS: FireOptions = Object.freeze({});

const FIRE_OPTIONS: RuleTable<FireOptions> = {
  id: {
    type: 'value',
    fits: (value) =>
      typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH && !/[\r\n]/.test(value),
    allowed: `a string of 1 to ${MAX_ID_LENGTH} characters without line breaks`,
  },
  timeout: { type: 'duration', minimum: 0, maximum: MAX_TIMER_MS },
  signal: SIGNAL,
  headers: {
    type: 'value',
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    allowed: 'an object of names and texts',
  },
};
/** What HTTP calls a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const RESERVED_NAME = /^(?:ce-|nats-|lightbus-|content-type$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: which no header may hold
const HEADER_VALUE = /^[^\x00-\x1f\x7f]*$/;

/** What `fire` was given: the parameters, unchecked, and the options, checked. */
export function readArguments(
  definition: EventDefinition,
  args: readonly unknown[],
): [given: unknown, options: FireOptions] {
  if (args.length === 1) return [args[0], NO_OPTIONS];
  const name = `${definition.apiName}.${definition.name}`;
  const options = args[1] ?? {};
  if (args.length > 2 || typeof options !== 'object') {
    throw new InvalidEventArguments(
      `Event ${name} was fired with ${args.length} arguments; give its parameters by name, in one object, and then options, if any: ` +
        `fire({ ${[...definition.parameters.keys()].join(', ')} }, { id: '…' })`,
    );
  }
  checkFireOptions(name, options);
  const { signal } = options as FireOptions;
  // One signal may end any number of fires; Node would warn of a leak from the eleventh on.
  if (signal instanceof EventTarget) setMaxListeners(0, signal);
  return [args[0], options as FireOptions];
}

/** @throws InvalidConfiguration for unknown options and wrong values; `event` is its full name */
function checkFireOptions(event: string, options: unknown): void {
  checkOptions(FIRE_OPTIONS, options, `fire of ${event}:`);
  const { headers } = options as FireOptions;
  if (headers !== undefined) checkHeaders(`fire of ${event}: headers`, headers);
}

function checkHeaders(where: string, headers: Readonly<Record<string, unknown>>): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const shown = JSON.stringify(name.slice(0, 60));
    const refuse = (reason: string) => {
      throw new InvalidConfiguration(`${where}: ${shown} ${reason}`);
    };
    if (!HEADER_NAME.test(name)) refuse("is not a header's name; give letters, digits and hyphens");
    if (RESERVED_NAME.test(name)) refuse('is set by this package or by the server; choose another name');
    if (seen.has(name.toLowerCase())) refuse('is given twice, in upper and lower case; give it once');
    seen.add(name.toLowerCase());
    if (typeof value !== 'string') refuse(`is ${describeValue(value)}; give a text`);
    // What a value holds may be secret.
    if (!HEADER_VALUE.test(value as string))
      refuse('has a line break or another control character in its value; leave it out');
  }
}
