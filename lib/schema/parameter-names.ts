import type { EventDefinition } from '../definition/api.js';
import { describeValue } from '../describe-value.js';
import { InvalidEventArguments } from '../errors.js';

/** The error for something fired that is not an object of parameters. */
export function noParameters(event: EventDefinition, given: unknown): InvalidEventArguments {
  // Only what kind of value it is: events hold what others must not read.
  const what = ['object', 'undefined'].includes(typeof given) ? describeValue(given) : `a ${typeof given}`;
  return new InvalidEventArguments(
    `Event ${event.apiName}.${event.name} was fired with ${what}; give its parameters by name: ${usage(event)}`,
  );
}

/** The error for parameters that are missing, and for some that the event does not have. */
export function wrongNames(
  event: EventDefinition,
  missing: readonly string[],
  unknown: readonly string[],
): InvalidEventArguments {
  const parts = [
    missing.length > 0 ? `is missing ${list(missing)}` : '',
    unknown.length > 0 ? `has no ${list(unknown)}` : '',
  ].filter((part) => part !== '');
  return new InvalidEventArguments(
    `Event ${event.apiName}.${event.name} ${parts.join(' and ')}; it takes ${usage(event)}`,
  );
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}...` : name));
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `parameter${names.length > 1 ? 's' : ''} ${shown.join(', ')}${more}`;
}

function usage(event: EventDefinition): string {
  if (event.parameters.size === 0) return 'no parameters';
  const names = [...event.parameters.values()].map(
    (parameter) => `${parameter.name}${parameter.hasDefault || parameter.optional ? '?' : ''}`,
  );
  return `{ ${names.join(', ')} }`;
}
