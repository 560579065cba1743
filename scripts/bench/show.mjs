import { median, ratios } from './statistics.mjs';

/** The tables of one server, as Markdown. */
export function table({ version, measured, idle }) {
  const parts = [`nats-server ${version}`];
  const lines = measured.flatMap(({ lines, rounds }) => lines.map((line) => cells(line, rounds)));
  if (lines.length > 0) {
    const head = ['measured', 'against', 'ratio', 'lowest–highest', 'this package', 'raw client'];
    parts.push(align([head, ['---', '---', '--:', '--:', '--:', '--:'], ...lines]));
  }
  if (idle !== undefined) parts.push(describeIdle(idle));
  return parts.join('\n\n');
}

function describeIdle([first, ...others]) {
  const of = (name) => median(others.map((run) => run[name]));
  return (
    `${first.listeners} idle listeners take ${of('rss').toFixed(1)} MB of memory, ${of('heap').toFixed(1)} MB of it live heap; ` +
    `they start in ${of('seconds').toFixed(2)} s, in ${first.seconds.toFixed(2)} s where their durables are still to be made.`
  );
}

function cells({ title, than, ours, theirs, unit }, rounds) {
  const { median: ratio, low, high } = ratios(rounds, ours, theirs);
  const absolute = (name) => {
    const value = median(rounds.map((round) => round[name]));
    return unit === 'ms' ? `${value.toFixed(2)} ms` : `${Math.round(value).toLocaleString('en')}/s`;
  };
  return [title, than, ratio.toFixed(2), `${low.toFixed(2)}–${high.toFixed(2)}`, absolute(ours), absolute(theirs)];
}

function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => {
      const padded = line.map((cell, column) =>
        /^-+:?$/.test(cell)
          ? cell.replace('---', '-'.repeat(widths[column] - (cell.length - 3))).padStart(widths[column], '-')
          : column < 2
            ? cell.padEnd(widths[column])
            : cell.padStart(widths[column]),
      );
      return `| ${padded.join(' | ')} |`;
    })
    .join('\n');
}
