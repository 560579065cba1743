import { checkOptions } from '../../config/check.js';
import type { Rule, RuleTable } from '../../config/option.js';
import type { DeadLetter } from '../../message/stored-dead-letter.js';
import { checkApiName, checkEventName, checkListenerName, checkServiceName } from '../../names.js';

/** Selects dead letters; an empty filter selects all. */
export interface DeadLetterFilter {
  /** Their sequences among the dead letters. */
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
  /** The most dead letters, the oldest first. @default no limit */
  readonly limit?: number | undefined;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1;
const DATE: Rule = {
  type: 'value',
  fits: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  allowed: 'a Date',
};

/** What each option may be. */
export const FILTER_OPTIONS: RuleTable<DeadLetterFilter> = {
  sequence: {
    type: 'value',
    fits: (value) => [value].flat().every(isCount),
    allowed: 'a whole number from 1, or a list of such',
  },
  service: { type: 'string', allowed: "a service's name" },
  listener: { type: 'string', allowed: "a listener's name" },
  api: { type: 'string', allowed: "an API's name" },
  event: { type: 'string', allowed: "an event's name, without its API" },
  since: DATE,
  until: DATE,
  error: { type: 'string', allowed: 'a part of the error' },
  limit: { type: 'integer', minimum: 1 },
};

/** @throws InvalidConfiguration for unknown options and wrong values; InvalidName for names that nothing can have */
export function checkFilter(filter: DeadLetterFilter, options: RuleTable = FILTER_OPTIONS): void {
  checkOptions(options, filter, 'deadLetters:');
  const { service, listener, api, event } = filter;
  // They become part of a subject, where a wildcard or a space would mean something else.
  if (service !== undefined) checkServiceName(service);
  if (listener !== undefined) checkListenerName(listener);
  if (api !== undefined) checkApiName(api);
  if (event !== undefined) checkEventName(api ?? '*', event);
}

/** Whether a filter says which dead letters are meant, beyond how many. */
export function isFiltered({ limit: _limit, ...filter }: DeadLetterFilter): boolean {
  const names = Object.keys(FILTER_OPTIONS) as (keyof typeof filter)[];
  return names.some((name) => filter[name] !== undefined);
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
