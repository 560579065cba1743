import { pathToFileURL } from 'node:url';
import { commandOfProject, readManifest } from './own-copy.js';
import { runProgram } from './program.js';
import { processTerminal } from './terminal.js';

void main();

async function main(): Promise<void> {
  // The command is built as CommonJS, hence __dirname.
  const { folder, version } = readManifest(__dirname);
  const theirs = commandOfProject(process.cwd(), folder);
  if (theirs !== undefined) {
    await import(pathToFileURL(theirs).href);
    return;
  }
  const terminal = processTerminal();
  const code = await runProgram(process.argv.slice(2), terminal, version);
  await terminal.flushed();
  // Not by letting the process end by itself: timers and connections of the bus module would keep it.
  process.exit(code);
}
