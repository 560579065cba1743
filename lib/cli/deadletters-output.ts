import type { OpenedDeadLetter } from '../bus/dead-letters/admin.js';
import type { DeadLetter } from '../message/stored-dead-letter.js';
import { printable, printableJson } from '../unprintable.js';
import { renderTable } from './table.js';

const MAX_ERROR = 60;
const MAX_CELL = 40;
const MAX_BODY = 64 * 1024;
/** One line of JSON for each, which holds no character that a terminal would act upon. */
export function renderAsJson(letter: DeadLetter | OpenedDeadLetter): string {
  const { sequence, id, service, listener, api, event, error, attempts, firstAt, lastAt, process } = letter;
  const { nativeId, truncated } = letter;
  const listed = { sequence, id, service, listener, api, event, error, attempts, firstAt, lastAt, process };
  const value = { ...listed, nativeId, truncated, ...('body' in letter ? contentOf(letter) : {}) };
  return `${printableJson(JSON.stringify(value))}\n`;
}

/** A table of dead letters, for people. `head`: with titles; `columns`: the terminal's width. */
export function renderLetters(
  letters: readonly DeadLetter[],
  options: { head: boolean; columns: number | undefined },
): string {
  const rows = letters.map(({ sequence, lastAt, service, listener, api, event, attempts, error }) => [
    String(sequence),
    lastAt.toISOString().slice(0, 19).replace('T', ' '),
    cell(service),
    cell(listener),
    cell(`${api}.${event}`),
    String(attempts),
    cell(`${error.name}: ${error.message}`, MAX_ERROR),
  ]);
  const titles = ['SEQUENCE', 'GIVEN UP (UTC)', 'SERVICE', 'LISTENER', 'EVENT', 'ATTEMPTS', 'ERROR'];
  return renderTable(titles, rows, options);
}

/** All of one dead letter, for people. */
export function renderLetter(letter: OpenedDeadLetter): string {
  const { nativeId, error } = letter;
  const fields: [name: string, value: string][] = [
    ['sequence', String(letter.sequence)],
    ['id', letter.id],
    ['event', `${letter.api}.${letter.event}`],
    ['stored at', `${nativeId.stream}, sequence ${nativeId.sequence}`],
    ['given up by', `${letter.service}, listener ${letter.listener}, process ${letter.process}`],
    ['attempts', String(letter.attempts)],
    ['first', letter.firstAt.toISOString()],
    ['last', letter.lastAt.toISOString()],
  ];
  const head = fields.map(([name, value]) => `${name.padEnd(12)} ${printable(value)}\n`).join('');
  const stack = indented(error.stack || `${error.name}: ${error.message}`);
  const headers = indented(
    Object.entries(letter.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n')
      .slice(0, MAX_BODY),
  );
  const cut = letter.truncated ? ' (its beginning: it was too large to be kept whole)' : '';
  return `${head}\nerror\n${stack}\nheaders\n${headers}\nbody${cut}\n${indented(readableBody(letter.body))}`;
}

/** As parameters where it is JSON, so that programs need not decode twice; else as bytes. */
function contentOf({ headers, body }: OpenedDeadLetter): object {
  try {
    return { headers, parameters: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown };
  } catch {
    return { headers, bodyBase64: Buffer.from(body).toString('base64') };
  }
}

function readableBody(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  const cut = text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}\n… ${text.length - MAX_BODY} more` : text;
  try {
    return text === cut ? JSON.stringify(JSON.parse(text), undefined, 2) : cut;
  } catch {
    return cut;
  }
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${printable(line)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

function cell(text: string, longest = MAX_CELL): string {
  const clean = printable(text.slice(0, longest * 2))
    .replace(/ +/g, ' ')
    .trim();
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
