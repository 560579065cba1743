import { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** `lightbus version`. */
export function versionCommand(terminal: Terminal, version: string): Command {
  return new Command('version')
    .summary('print the version')
    .description('Prints the version of lightbus-jetstream.')
    .addHelpText('after', '\nExample:\n  lightbus version')
    .action(() => terminal.print(`${version}\n`));
}
