import { Command, CommanderError } from 'commander';
import { redact } from '../secret-text.js';
import { deadlettersCommand } from './deadletters.js';
import { dumpschemaCommand } from './dumpschema.js';
import { renderError } from './report.js';
import { runCommand } from './run.js';
import type { ExitCode, Terminal } from './terminal.js';
import { UsageError } from './terminal.js';
import { versionCommand } from './version.js';

const EXIT_CODES = `
Exit codes:
  0  done, or asked to stop
  1  a failure: the bus module, the configuration, the server or a handler
  2  the command line is wrong: an unknown command or flag, or a value that a flag does not allow`;

/** Runs one command to its end. Never throws: what goes wrong is printed, and told by the exit code. */
export async function runProgram(argv: readonly string[], terminal: Terminal, version: string): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = createProgram(terminal, version, (given) => {
    code = given;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return isHelp(error) ? 0 : 2;
    if (error instanceof UsageError) {
      terminal.warn(`error: ${error.message}\n`);
      return 2;
    }
    const stacks = argv.some(
      (word, index) => /^(--log-level=)?debug$/.test(word) && (word !== 'debug' || argv[index - 1] === '--log-level'),
    );
    terminal.warn(renderError(error, { stacks: stacks || terminal.environment.LIGHTBUS_LOG_LEVEL === 'debug' }));
    return 1;
  }
}

function createProgram(terminal: Terminal, version: string, exitWith: (code: ExitCode) => void): Command {
  const program = new Command('lightbus')
    .description('Typed, durable events on NATS JetStream.')
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', `${EXIT_CODES}\n\nExample:\n  lightbus run --bus ./bus.ts`);
  const commands = [
    runCommand(terminal, exitWith),
    dumpschemaCommand(terminal),
    deadlettersCommand(terminal, exitWith),
    versionCommand(terminal, version),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of [program, ...commands, ...commands.flatMap(({ commands: own }) => own)]) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => terminal.print(text),
        writeErr: (text) => terminal.warn(text),
        outputError: (text, write) => write(`${withoutValues(text)}${hintFor(text, command)}`),
      })
      .showHelpAfterError(`(${pathOf(command)} --help says more)`)
      .allowExcessArguments(false);
  }
  return program;
}

// Somebody may try `--password=…`, which there is not.
function withoutValues(error: string): string {
  return redact(error.replace(/(unknown option '[^'=]+)=[^']*'/, "$1'"));
}

// `lightbus run bus.ts` is what others' commands look like.
function hintFor(error: string, { options }: Command): string {
  const takesBus = options.some(({ long }) => long === '--bus');
  return takesBus && error.includes('too many arguments') ? '(the bus module is named by --bus)\n' : '';
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

// Help that was not asked for (no command was given) goes to standard error, and is an error.
function isHelp(error: CommanderError): boolean {
  return error.exitCode === 0;
}
