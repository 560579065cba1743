// `npm run docs`: writes the parts of pages that are made from the source, between their markers.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { commandLineReference } from './command-line.js';
import { configurationReference } from './configuration.js';
import { listenOptionsReference } from './listen-options.js';
import { serverSettingsReference } from './server-settings.js';
import { stagesReference } from './stages.js';

/** What is generated: the page, the name of its markers, and how the part is made. */
const PARTS = [
  { page: 'docs/configuration.md', part: 'configuration', make: configurationReference },
  { page: 'docs/tuning.md', part: 'listen-options', make: listenOptionsReference },
  { page: 'docs/command-line.md', part: 'command-line', make: commandLineReference },
  { page: 'docs/server-settings.md', part: 'server-settings', make: serverSettingsReference },
  { page: 'ARCHITECTURE.md', part: 'stages', make: stagesReference },
];

/** Each page with generated parts, as it is and as it should be. */
export async function generatedPages(): Promise<{ path: string; current: string; wanted: string }[]> {
  return Promise.all(
    PARTS.map(async ({ page, part, make }) => {
      const path = fileURLToPath(new URL(`../../${page}`, import.meta.url));
      const current = await readFile(path, 'utf8');
      return { path, current, wanted: replacePart(current, part, await make()) };
    }),
  );
}

function replacePart(text: string, part: string, content: string): string {
  const [begin, end] = [`<!-- begin generated: ${part} -->`, '<!-- end generated -->'];
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`no markers ${begin} … ${end}`);
  return `${text.slice(0, start)}${begin}\n\n${content.trim()}\n\n${text.slice(stop)}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { path, current, wanted } of await generatedPages()) if (current !== wanted) await writeFile(path, wanted);
}
