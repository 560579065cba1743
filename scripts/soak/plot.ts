/** What was seen at one moment; `lag` is unknown while the server is down. */
export interface Sample {
  /** Seconds since the start. */
  readonly at: number;
  /** Events not yet acknowledged, over all listeners. */
  readonly lag: number | undefined;
  /** Of the largest process, in MiB. */
  readonly memory: number;
}

/** Something that was killed. */
export interface Mark {
  readonly at: number;
  readonly what: 'worker' | 'server';
}

const [WIDTH, PANEL, LEFT, TOP] = [900, 180, 70, 40] as const;

/** Lag and memory over time, one above the other, as an SVG; a line where something was killed. */
export function plot(samples: readonly Sample[], marks: readonly Mark[], title: string): string {
  const seconds = Math.max(1, ...samples.map(({ at }) => at));
  const x = (at: number) => LEFT + (at / seconds) * (WIDTH - LEFT - 20);
  const panels = [
    { name: 'lag (events)', values: samples.map(({ at, lag }) => [at, lag] as const) },
    { name: 'memory of the largest process (MiB)', values: samples.map(({ at, memory }) => [at, memory] as const) },
  ];
  const height = TOP + panels.length * (PANEL + 50);
  const drawn = panels.map(({ name, values }, index) =>
    panel(name, values, { x, top: TOP + 20 + index * (PANEL + 50) }),
  );
  const lines = marks.map(({ at, what }) => {
    const colour = what === 'server' ? '#c0392b' : '#bbbbbb';
    return `<line x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${height - 30}" stroke="${colour}" stroke-width="1"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${title}</text>`,
    ...lines,
    ...drawn,
    `<text x="${LEFT}" y="${height - 8}">0 s to ${Math.round(seconds)} s; grey: a worker was killed, red: the server</text>`,
    '</svg>',
  ].join('\n');
}

function panel(
  name: string,
  values: readonly (readonly [number, number | undefined])[],
  { x, top }: { x: (at: number) => number; top: number },
): string {
  const most = Math.max(1, ...values.map(([, value]) => value ?? 0));
  const y = (value: number) => top + PANEL - (value / most) * PANEL;
  // A gap where the value is unknown: each run of known values is a line of its own.
  let path = '';
  let pen = 'M';
  for (const [at, value] of values) {
    if (value !== undefined) path += `${pen}${x(at).toFixed(1)},${y(value).toFixed(1)}`;
    pen = value === undefined ? 'M' : 'L';
  }
  return [
    `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${top + PANEL}" y2="${top + PANEL}" stroke="black"/>`,
    `<text x="${LEFT}" y="${top - 4}">${name}</text>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${Math.round(most)}</text>`,
    `<text x="${LEFT - 6}" y="${top + PANEL}" text-anchor="end">0</text>`,
    `<path d="${path}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>`,
  ].join('\n');
}
