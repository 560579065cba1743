import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Who is due what: as the bus modules in examples/quickstart say. */
const LISTENERS = [
  { service: 'auth-service', listener: 'revoke_sessions', events: ['user_deleted'] },
  { service: 'mail-service', listener: 'send_welcome', events: ['user_created'] },
  { service: 'mail-service', listener: 'confirm_address', events: ['user_updated'] },
  { service: 'audit-service', listener: 'audit', events: ['user_created', 'user_updated', 'user_deleted'] },
];
const LOOK_EVERY = 25;

/** The file into which the services write what they fired and handled. */
export async function openLedger(file) {
  await writeFile(file, '');
  const count = async () => tally(entries(await readFile(file, 'utf8')));
  return {
    file,
    count,
    /** Resolves when `fact(counts)` is true; rejects at the deadline, or when a service ends that nobody ended. */
    async until(fact, { what, deadline, workers }) {
      while (!fact(await count())) {
        const fallen = [...workers.values()].find((worker) => worker.failed());
        if (fallen) throw new Error(`${fallen.service} ended while waiting for ${what}`);
        if (deadline.aborted) throw new Error(`waited too long for ${what}`);
        await sleep(LOOK_EVERY);
      }
    },
  };
}

// A process that was killed may have left half a line.
function entries(text) {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

function tally(all) {
  const fired = all.filter(({ what }) => what === 'fired');
  const rows = LISTENERS.map(({ service, listener, events }) => {
    const handled = all.filter(({ what }) => what === listener);
    const ids = new Set(handled.map(({ id }) => id));
    const due = fired.filter(({ eventName }) => events.includes(eventName));
    return {
      service,
      listener,
      due: due.length,
      handled: ids.size,
      redelivered: handled.filter(({ attempt }) => attempt > 1).length,
      lost: due.filter(({ id }) => !ids.has(id)).length,
    };
  });
  return {
    rows,
    fired: fired.length,
    lost: rows.reduce((sum, row) => sum + row.lost, 0),
    mails: rows.filter(({ service }) => service === 'mail-service').reduce((sum, row) => sum + row.handled, 0),
  };
}
