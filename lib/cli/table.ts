/**
 * Rows as lines, their cells in columns. Where the terminal is too narrow for them, each row as a block of lines, `TITLE  cell`.
 *
 * @param options `head`: whether the titles are printed above the columns; `columns`: the terminal's width, if there is a terminal
 */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { head = true, columns = Number.POSITIVE_INFINITY }: { head?: boolean; columns?: number | undefined } = {},
): string {
  const table = inColumns(head ? [titles, ...rows] : rows);
  if (table.every((line) => line.length <= columns)) return linesOf(table);
  const blocks = rows.map((row) =>
    inColumns(row.flatMap((cell, column) => (cell === '' ? [] : [[titles[column] ?? '', cell]]))),
  );
  return linesOf(blocks.flatMap((block) => [...block, '']));
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (so, row) => row.map((cell, column) => Math.max(so[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
