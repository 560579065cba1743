import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { ApiDefinition } from '../definition/api.js';
import { LightbusError } from '../errors.js';
import { exportApi } from '../schema/json-schema.js';
import { stableJson } from '../schema/stable-json.js';
import { loadBus } from './load-bus.js';
import type { Terminal } from './terminal.js';

/** `lightbus dumpschema`. */
export function dumpschemaCommand(terminal: Terminal): Command {
  return new Command('dumpschema')
    .summary("write the JSON Schemas of a bus's own APIs")
    .description("Writes the JSON Schemas of the events of a bus's own APIs. Needs no server.")
    .option(
      '--bus <module>',
      'file, folder or package of the bus module (default: $LIGHTBUS_MODULE, or bus.ts, bus.js, … here)',
    )
    .option('-o, --output <path>', 'file to write, or a folder (there, or ending in /) for one file per API')
    .addHelpText('after', '\nExample:\n  lightbus dumpschema -o schemas/')
    .action(async ({ bus: module, output }: { bus?: string; output?: string }) => {
      const { directory, environment } = terminal;
      terminal.reserveOutput();
      const bus = await loadBus({ module, directory, environment });
      const { apis } = bus.client['~lightbus'];
      if (apis.length === 0) terminal.warn('This bus owns no API, so there is nothing to export\n');
      if (output === undefined) terminal.print(schemaOf(apis));
      else
        await writeSchemas(apis, output, directory).catch((failure: NodeJS.ErrnoException) => {
          throw new LightbusError(`--output ${output} cannot be written: ${reasonOf(failure)}`);
        });
    });
}

function schemaOf(apis: readonly ApiDefinition[]): string {
  return stableJson(Object.fromEntries(apis.map((api) => [api.name, exportApi(api)])));
}

async function writeSchemas(apis: readonly ApiDefinition[], output: string, directory: string): Promise<void> {
  const path = resolve(directory, output);
  if (!(await isFolder(output, path))) return writeFile(path, schemaOf(apis));
  await mkdir(path, { recursive: true });
  for (const api of apis) await writeFile(join(path, `${api.name}.json`), schemaOf([api]));
}

function reasonOf(failure: NodeJS.ErrnoException): string {
  return failure.code === 'ENOENT' ? 'its folder is not there; make it first' : failure.message;
}

async function isFolder(output: string, path: string): Promise<boolean> {
  if (/[\\/]$/.test(output)) return true;
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
