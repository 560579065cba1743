import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

const PAGE = join(ROOT, 'docs', 'reliability.md');
const BEGIN = '<!-- the table of npm run test:faults begins -->';
const END = '<!-- the table of npm run test:faults ends -->';

/** Adds up what the ledgers said, by server and fault. `rounds`: `{ server, fault, passed }`; `accounts`: `{ server, fault, fired, lost, twice }`. */
export function tally(rounds, accounts) {
  const rows = new Map();
  const rowOf = ({ server, fault }) => {
    const key = `${server} ${fault}`;
    if (!rows.has(key)) rows.set(key, { server, fault, rounds: 0, passed: 0, events: 0, lost: 0, twice: 0 });
    return rows.get(key);
  };
  for (const round of rounds) {
    const row = rowOf(round);
    row.rounds += 1;
    row.passed += round.passed ? 1 : 0;
  }
  for (const account of accounts) {
    const row = rowOf(account);
    row.events += account.fired;
    row.lost += account.lost;
    row.twice += account.twice;
  }
  return [...rows.values()].sort((a, b) => a.fault.localeCompare(b.fault) || b.server.localeCompare(a.server));
}

/** As a Markdown table. */
export function render(rows, { date, versions }) {
  const cell = (value) => String(value);
  const lines = rows.map(
    ({ fault, server, rounds, passed, events, lost, twice }) =>
      `| ${[fault.replaceAll('-', ' '), server, `${passed} of ${rounds}`, events, lost, twice].map(cell).join(' | ')} |`,
  );
  return [
    `${date}, ${versions}.`,
    '',
    '| fault | nats-server | rounds passed | events | lost | run twice |',
    '|---|---|---|---:|---:|---:|',
    ...lines,
  ].join('\n');
}

/** Puts the table into docs/reliability.md, in the place of the last one. */
export async function writeTable(table) {
  const page = await readFile(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`${PAGE} has lost the marks between which the table stands: ${BEGIN} … ${END}`);
  await writeFile(PAGE, `${page.slice(0, from + BEGIN.length)}\n\n${table}\n\n${page.slice(to)}`);
}
