const PRETTY = process.stdout.isTTY && !process.env.NO_COLOR;

export function bold(text) {
  return PRETTY ? `\u001b[1m${text}\u001b[0m` : text;
}

export function step(line) {
  console.log(PRETTY ? `\u001b[36m›\u001b[0m ${line}` : `> ${line}`);
}

export function table({ rows, fired }) {
  const head = ['service', 'listener', 'due', 'handled', 'redelivered', 'lost'];
  const cells = [head, ...rows.map((row) => head.map((column) => String(row[column])))];
  const widths = head.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const lines = cells.map((line) =>
    line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return ['', `fired ${fired} events`, '', bold(lines[0]), rule, ...lines.slice(1)].join('\n');
}

export function howToGoOn(binary) {
  return `
Read how it is done, in three files:
  examples/quickstart/auth-service/bus.ts    describes the events, and fires them
  examples/quickstart/mail-service/bus.ts    listens, typed by the other service's class
  examples/quickstart/audit-service/bus.ts   one listener for several events
Run a bus of your own:
  ${binary} -c nats-server.conf
  node dist/lightbus.cjs run --bus path/to/your/bus.ts
`;
}
