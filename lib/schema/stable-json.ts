/** JSON that is the same bytes for the same content: keys sorted at every depth, two spaces, a final newline. */
export function stableJson(value: unknown): string {
  return `${write(JSON.parse(JSON.stringify(value)), '')}\n`;
}

// Written by hand, because objects put keys that look like numbers first, whatever order they are given in.
function write(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => deeper + write(item, deeper))
    : Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => `${deeper}${JSON.stringify(key)}: ${write(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
