import { runProgram } from '../../lib/cli/program.js';
import type { Terminal } from '../../lib/cli/terminal.js';

/** What `--help` says of each command. */
export async function commandLineReference(): Promise<string> {
  const tty = process.stdout.isTTY;
  // Commander wraps its help at the width of a terminal, if there is one.
  process.stdout.isTTY = false;
  try {
    const pages = (await commandsBelow([])).map(({ path, help }) => {
      return `### \`lightbus ${path.join(' ')}\`\n\n\`\`\`text\n${help.trim()}\n\`\`\``;
    });
    return pages.join('\n\n');
  } finally {
    process.stdout.isTTY = tty;
  }
}

interface CommandHelp {
  readonly path: readonly string[];
  readonly help: string;
}

/** The commands that have no commands of their own, in the order of the help. */
async function commandsBelow(path: readonly string[]): Promise<CommandHelp[]> {
  const help = await helpOf(path);
  const names = [...(/\nCommands:\n((?: {2}.*\n)+)/.exec(help)?.[1] ?? '').matchAll(/^ {2}([a-z][\w-]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  if (names.length === 0) return [{ path, help }];
  const below: CommandHelp[] = [];
  for (const name of names) below.push(...(await commandsBelow([...path, name])));
  return below;
}

async function helpOf(path: readonly string[]): Promise<string> {
  let help = '';
  const terminal: Terminal = {
    directory: process.cwd(),
    environment: {},
    isTerminal: false,
    print: (text) => {
      help += text;
    },
    warn: (text) => {
      throw new Error(text);
    },
    reserveOutput: () => {},
    onSignal: () => () => {},
  };
  await runProgram([...path, '--help'], terminal, '0.0.0');
  return help;
}
