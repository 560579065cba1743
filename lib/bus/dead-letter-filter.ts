import { InvalidConfiguration } from '../errors.js';
import type { DeadLetter } from '../message/stored-dead-letter.js';
import { checkApiName, checkEventName, checkListenerName, checkServiceName } from '../names.js';

/** Which dead letters are meant; without any of these, all. */
export interface DeadLetterFilter {
  /** By their places among the dead letters. */
  readonly sequence?: number | readonly number[] | undefined;
  readonly service?: string | undefined;
  readonly listener?: string | undefined;
  readonly api?: string | undefined;
  readonly event?: string | undefined;
  /** Given up at this time or later. */
  readonly since?: Date | undefined;
  /** Given up before this time. */
  readonly until?: Date | undefined;
  /** A part of the error's name or message, in any case. */
  readonly error?: string | undefined;
  /** No more than so many, the oldest first. @default no limit */
  readonly limit?: number | undefined;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
const isDate = (value: unknown) => value instanceof Date && !Number.isNaN(value.getTime());

/** What each option has to be, and how to say so. */
const CHECKS: Readonly<Record<keyof DeadLetterFilter, readonly [(value: unknown) => boolean, string]>> = {
  sequence: [(value) => [value].flat().every(isCount), 'a whole number from 1, or a list of such'],
  service: [(value) => typeof value === 'string', "a service's name"],
  listener: [(value) => typeof value === 'string', "a listener's name"],
  api: [(value) => typeof value === 'string', "an API's name"],
  event: [(value) => typeof value === 'string', "an event's name, without its API"],
  since: [isDate, 'a Date'],
  until: [isDate, 'a Date'],
  error: [(value) => typeof value === 'string', 'a part of the error'],
  limit: [isCount, 'a whole number from 1'],
};

/** @throws InvalidConfiguration for unknown options and wrong values; InvalidName for names that nothing can have */
export function checkFilter(filter: DeadLetterFilter, otherOptions: readonly string[]): void {
  for (const [key, value] of Object.entries(filter)) {
    if (otherOptions.includes(key) || value === undefined) continue;
    if (!Object.hasOwn(CHECKS, key)) {
      throw new InvalidConfiguration(
        `deadLetters: there is no option "${key.slice(0, 60)}"; the options are ${[...Object.keys(CHECKS), ...otherOptions].join(', ')}`,
      );
    }
    const [fits, allowed] = CHECKS[key as keyof DeadLetterFilter];
    if (!fits(value)) {
      throw new InvalidConfiguration(`deadLetters: ${key} is ${String(value).slice(0, 60)}; give ${allowed}`);
    }
  }
  const { service, listener, api, event } = filter;
  // They become part of a subject, where a wildcard or a space would mean something else.
  if (service !== undefined) checkServiceName(service);
  if (listener !== undefined) checkListenerName(listener);
  if (api !== undefined) checkApiName(api);
  if (event !== undefined) checkEventName(api ?? '*', event);
}

/** The subjects that the server can choose by; an API's name has any number of tokens, so an event alone cannot be asked for. */
export function subjectsOf(stream: string, { service = '*', listener = '*', api, event }: DeadLetterFilter): string {
  if (api !== undefined) return `${stream}.${service}.${listener}.${api}.${event ?? '*'}`;
  return service === '*' && listener === '*' ? `${stream}.>` : `${stream}.${service}.${listener}.>`;
}

/** What else the filter asks for. */
export function filterOf(filter: DeadLetterFilter): { fits: (letter: DeadLetter) => boolean } {
  const { event, since, until } = filter;
  const sequences = filter.sequence === undefined ? undefined : new Set([filter.sequence].flat());
  const error = filter.error?.toLowerCase();
  return {
    fits: (letter) =>
      (sequences === undefined || sequences.has(letter.sequence)) &&
      (event === undefined || letter.event === event) &&
      (since === undefined || letter.lastAt >= since) &&
      (until === undefined || letter.lastAt < until) &&
      (error === undefined || `${letter.error.name}: ${letter.error.message}`.toLowerCase().includes(error)),
  };
}
