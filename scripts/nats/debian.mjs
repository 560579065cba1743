import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './command.mjs';

const PACKAGE = 'nats-server';

/** Unpacks Debian's (or Ubuntu's) package, without root and without installing it; the version is what the distribution has. */
export async function fromDebian({ folder, environment }) {
  const apt = (...args) => command('apt-get', ['-q', ...args], { cwd: folder, env: environment, timeout: 180_000 });
  try {
    await apt('download', PACKAGE);
  } catch {
    // The machine's package lists are empty or out of date, and only root may renew them: use lists of our own.
    const own = await ownLists(folder);
    await apt(...own, 'update');
    await apt(...own, 'download', PACKAGE);
  }
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (!archive) throw new Error(`apt-get download ${PACKAGE} left no package`);
  await command('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: folder, env: environment, timeout: 60_000 });
  return join(folder, 'unpacked', 'usr', 'sbin', 'nats-server');
}

async function ownLists(folder) {
  const [lists, archives] = [join(folder, 'lists'), join(folder, 'apt-cache')];
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(archives, 'archives', 'partial'), { recursive: true });
  return ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${archives}`, '-o', 'APT::Sandbox::User='];
}
