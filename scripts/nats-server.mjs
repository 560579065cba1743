// Finds a nats-server, or gets one. As a command it prints the path: `node scripts/nats-server.mjs [--oldest | --any]`.
import { fileURLToPath } from 'node:url';
import { EXECUTABLE, findInPath, isBetween, SYSTEM_FOLDERS, usable } from './nats/binary.mjs';
import { cachedBinaries, cachedBinary, keep } from './nats/cache.mjs';
import { fromDebian } from './nats/debian.mjs';
import { fromGo } from './nats/go.mjs';
import { fromRelease } from './nats/release.mjs';

/**
 * What may be asked for. `pinned` is what is fetched, `from` and `below` say which version found elsewhere serves as well.
 * `newest` and `oldest` are what the tests run on; `any` is any server that the library works with.
 */
export const WANTED = {
  newest: {
    pinned: '2.15.2',
    from: '2.15.2',
    below: '3',
    env: 'NATS_SERVER_BIN',
    fetchers: ['go', 'release', 'debian'],
  },
  oldest: {
    pinned: '2.9.10',
    from: '2.9.0',
    below: '2.10',
    env: 'NATS_SERVER_BIN_OLDEST',
    fetchers: ['debian', 'go', 'release'],
  },
  any: { pinned: '2.15.2', from: '2.9.0', below: '3', env: 'NATS_SERVER_BIN', fetchers: ['go', 'release', 'debian'] },
};

const FETCHERS = {
  go: { title: 'go install', fetch: fromGo },
  release: { title: 'official release archive', fetch: fromRelease },
  debian: { title: "Debian's package", fetch: fromDebian },
};

/**
 * The path and version of a nats-server: the one that the environment names, a cached one, one on the path, or one
 * fetched into the cache.
 *
 * @param {object} [options]
 * @param {keyof typeof WANTED} [options.version]
 * @param {(line: string) => void} [options.log] told of what takes a while
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {readonly string[]} [options.systemFolders] looked into after the PATH
 * @returns {Promise<{ path: string, version: string }>}
 * @throws one error that names each way tried and how to install a nats-server
 */
export async function findNatsServer({
  version = 'newest',
  log = () => {},
  environment = process.env,
  systemFolders = SYSTEM_FOLDERS,
} = {}) {
  const wanted = WANTED[version];
  const tried = [];
  const attempt = async (title, way) => {
    try {
      return await way();
    } catch (error) {
      tried.push(`${title}: ${error.message}`);
      return undefined;
    }
  };
  const serves = (found) => serving(found, wanted);

  if (environment[wanted.env]) return await named(wanted, environment[wanted.env]);
  tried.push(`${wanted.env}: not set`);
  const local =
    (await attempt('cache', async () => firstOf(await cachedBinaries(wanted.pinned, environment), serves))) ??
    (await attempt('PATH', () => firstOf(findInPath(environment, systemFolders), serves)));
  if (local) return local;

  for (const name of wanted.fetchers) {
    const { title, fetch } = FETCHERS[name];
    const found = await attempt(title, async () => {
      log(`getting nats-server ${wanted.pinned} (${title}) …`);
      return await keep({
        environment,
        serves,
        fetch: (folder) => fetch({ version: wanted.pinned, folder, environment }),
      });
    });
    if (found) return found;
  }
  throw new Error(notFound(version, wanted, tried, environment));
}

// Whoever names a binary means it: another version is an error rather than a reason to look elsewhere.
async function named(wanted, path) {
  try {
    return serving(await usable(path), wanted);
  } catch (error) {
    throw new Error(`${wanted.env}: ${error.message}; give a nats-server ${range(wanted)}, or unset ${wanted.env}`);
  }
}

async function firstOf(paths, serves) {
  const refused = [];
  for (const path of paths) {
    try {
      return serves(await usable(path));
    } catch (error) {
      refused.push(error.message);
    }
  }
  throw new Error(refused.join('; ') || `no ${EXECUTABLE} there`);
}

function serving(found, wanted) {
  if (isBetween(found.version, wanted.from, wanted.below)) return found;
  throw new Error(`${found.path} is version ${found.version}, which is not ${range(wanted)}`);
}

function range({ from, below }) {
  return `>=${from} <${below}`;
}

function notFound(version, wanted, tried, environment) {
  return [
    `No nats-server ${range(wanted)} (${version}) was found, and none could be fetched. What was tried:`,
    ...tried.map((line) => `  - ${line}`),
    'How to install one:',
    '  Linux:   apt install nats-server, or unpack https://github.com/nats-io/nats-server/releases',
    '  macOS:   brew install nats-server',
    '  Windows: winget install NATSAuthors.NATSServer, or choco install nats-server',
    `  Go:      go install github.com/nats-io/nats-server/v2@v${wanted.pinned}`,
    `Then put it on the PATH, name it by ${wanted.env}=/path/to/${EXECUTABLE}, or copy it to`,
    `  ${cachedBinary(wanted.pinned, environment)}`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const version = ['oldest', 'any'].find((name) => process.argv.includes(`--${name}`)) ?? 'newest';
  try {
    const { path } = await findNatsServer({ version, log: (line) => console.error(line) });
    console.log(path);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
