import type { Terminal } from '../../lib/cli/terminal.js';

/** A terminal that keeps what it is told; `signal()` is what the operating system would send. */
export function fakeTerminal(options: {
  directory: string;
  environment?: Record<string, string>;
  isTerminal?: boolean;
  columns?: number;
}) {
  const { directory, environment = {}, isTerminal = false, columns } = options;
  const handlers = new Set<(signal: string) => void>();
  const seen = { out: '', err: '' };
  const terminal: Terminal = {
    directory,
    environment,
    isTerminal,
    columns,
    print: (text) => {
      seen.out += text;
    },
    warn: (text) => {
      seen.err += text;
    },
    reserveOutput: () => {},
    onSignal(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  function signal(name = 'SIGTERM'): void {
    for (const handler of handlers) handler(name);
  }
  return { terminal, seen, signal, handlers };
}
