import type { ListenerSummary } from '../bus/internals.js';
import { renderTable } from './table.js';

/** Who listens to what: a table for people, a line of JSON per listener for programs. */
export function renderListeners(
  listeners: readonly ListenerSummary[],
  { isTerminal, columns }: { isTerminal: boolean; columns?: number | undefined },
): string {
  if (!isTerminal) {
    return listeners
      .map(({ listenerName, apiNames, events, durables }) =>
        JSON.stringify({ listenerName, apiNames, events, durables }),
      )
      .map((line) => `${line}\n`)
      .join('');
  }
  const rows = listeners.flatMap(({ listenerName, events, durables }) =>
    durables.map((durable, index) => [index === 0 ? listenerName : '', events[index] ?? '', durable]),
  );
  return renderTable(['LISTENER', 'EVENT', 'DURABLE'], rows, { columns });
}
