// Writes down what was fired and what was handled, so that the quickstart can count at the end that nothing was lost.
import { appendFileSync } from 'node:fs';

interface Recorded {
  id: string;
  eventName: string;
  /** Counts the deliveries of this event to this listener from 1; an event that was just fired has none. */
  attempt?: number;
}

/** One line in the file that `QUICKSTART_LEDGER` names, else on the terminal. Written at once: it survives a SIGKILL. */
export function record(what: string, { id, eventName, attempt }: Recorded, about: unknown): void {
  const file = process.env.QUICKSTART_LEDGER;
  if (file) appendFileSync(file, `${JSON.stringify({ what, id, eventName, attempt })}\n`);
  else console.log(`${what}: ${eventName} ${about}`);
}
