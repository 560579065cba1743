import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './pages.js';

const TSX = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;

/** Runs a file, TypeScript or JavaScript, as the pages say; gives what it printed, and fails if it fails. */
export async function runFile(file: string, options: { cwd: string; natsUrl: string }): Promise<string> {
  const child = startFile(file, options);
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  let err = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${out}${err}`);
  return out;
}

function startFile(file: string, { cwd, natsUrl }: { cwd: string; natsUrl: string }): ChildProcess {
  const { NODE_OPTIONS: _inherited, ...environment } = process.env;
  return spawn(process.execPath, [`--import=${TSX}`, file], {
    cwd,
    env: { ...environment, NATS_URL: natsUrl },
    timeout: 60_000,
  });
}
