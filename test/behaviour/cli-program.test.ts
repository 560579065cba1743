import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { LoadedBus } from '../../lib/cli/load-bus.js';
import { runProgram } from '../../lib/cli/program.js';
import { UnknownApi } from '../../lib/errors.js';
import { type FakeClient, fakeBus } from '../fixtures/cli/fake-bus.js';
import { fakeTerminal } from '../support/fake-terminal.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/cli/', import.meta.url));

async function lightbus(argv: string[], options: { directory?: string; isTerminal?: boolean } = {}) {
  const { directory = FIXTURES, ...more } = options;
  const { terminal, seen } = fakeTerminal({ directory, ...more });
  const code = await runProgram(argv, terminal, '1.2.3');
  return { code, ...seen };
}

describe('The command line', () => {
  it('tells its version', async () => {
    expect(await lightbus(['version'])).to.deep.equal({ code: 0, out: '1.2.3\n', err: '' });
    expect(await lightbus(['--version'])).to.deep.equal({ code: 0, out: '1.2.3\n', err: '' });
  });

  it('helps, with the exit codes', async () => {
    const { code, out, err } = await lightbus(['help']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(out).to.include('run').and.include('dumpschema').and.include('version').and.include('Exit codes');
  });

  for (const command of ['run', 'dumpschema', 'version']) {
    it(`helps with ${command}, with an example`, async () => {
      for (const argv of [
        ['help', command],
        [command, '--help'],
      ]) {
        const { code, out } = await lightbus(argv);
        expect(code).to.equal(0);
        expect(out).to.include(`Example:\n  lightbus ${command}`);
      }
    });
  }

  const wrong: [argv: string[], said: string][] = [
    [[], 'Usage: lightbus'],
    [['rum'], 'Did you mean run?'],
    [['run', '--servce-name', 'x'], 'Did you mean --service-name?'],
    [['run', '--log-level', 'loud'], 'Allowed choices are debug, info, warn, error, silent'],
    [['run', '--service-name'], 'argument missing'],
    [['run', '--service-name', '@acme/x'], 'scoped package name'],
    [['run', '--events', 'auth.user_created,oops'], '"oops" is not an event; write api.event'],
    [['run', '--events', 'auth.*'], 'Event name'],
    [['dumpschema', 'extra'], 'too many arguments'],
    [['run', 'bus.ts'], '(the bus module is named by --bus)\n'],
  ];
  for (const [argv, said] of wrong) {
    it(`exits with 2 for wrong usage: lightbus ${argv.join(' ')}`, async () => {
      const { code, out, err } = await lightbus(argv);
      expect({ code, out }).to.deep.equal({ code: 2, out: '' });
      expect(err).to.include(said);
    });
  }

  it('exits with 1 for a bus module that is missing, and says where it looked', async () => {
    const { code, out, err } = await lightbus(['run']);
    expect({ code, out }).to.deep.equal({ code: 1, out: '' });
    expect(err).to.match(/^error: There is no bus module .*\[FailedToImportBusModule\]\n$/);
  });
});

describe('lightbus dumpschema', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightbus-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes JSON alone to standard output', async () => {
    const { code, out, err } = await lightbus(['dumpschema', '--bus', 'esm']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(JSON.parse(out)).to.have.nested.property('auth.events.user_created.parameters.required[0]', 'username');
  });

  it('writes the same to a file, or to a file per API in a folder', async () => {
    const { out } = await lightbus(['dumpschema', '--bus', 'esm']);
    for (const [output, file] of [
      ['all.json', 'all.json'],
      ['.', 'auth.json'],
      ['new/er/', 'new/er/auth.json'],
    ] as const) {
      const result = await lightbus(['dumpschema', '--bus', `${FIXTURES}esm`, '-o', output], { directory: folder });
      expect(result).to.deep.equal({ code: 0, out: '', err: '' });
      expect(await readFile(join(folder, file), 'utf8')).to.equal(out);
    }
    expect(await readdir(folder)).to.have.members(['all.json', 'auth.json', 'new']);
  });

  it('exits with 1 where it cannot write', async () => {
    const { code, err } = await lightbus(['dumpschema', '--bus', `${FIXTURES}esm`, '-o', 'no/such/file.json'], {
      directory: folder,
    });
    expect(code).to.equal(1);
    expect(err)
      .to.match(
        /^error: --output no\/such\/file\.json cannot be written: its folder is not there; make it first \[LightbusError\]\n/,
      )
      .and.not.match(/^ +at /m);
  });
});

describe('lightbus run', () => {
  type Members = Partial<LoadedBus['client']>;
  const shared = globalThis as { lightbusTestClient?: FakeClient };
  afterEach(() => {
    delete shared.lightbusTestClient;
  });

  function run(members: Members, argv: string[] = [], options: { isTerminal?: boolean } = {}) {
    const { terminal, seen, signal, handlers } = fakeTerminal({ directory: FIXTURES, ...options });
    const { client } = fakeBus(members);
    shared.lightbusTestClient = client;
    const code = runProgram(['run', '--bus', 'worker.js', ...argv], terminal, '1.2.3');
    return { code, seen, signal, handlers, calls: client.calls };
  }

  /** A worker that works until it is told to stop, as the bus's own does. */
  function untilStopped() {
    let started: () => void = () => {};
    const hasStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const startWorker: Members['startWorker'] = async ({ signal } = {}) => {
      const done = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      queueMicrotask(started);
      return { done, stop: async () => {} };
    };
    return { startWorker, hasStarted };
  }

  it('configures the bus by its flags, prints who listens, closes the bus and exits with 0', async () => {
    const { code, seen, calls } = run({}, [
      '--service-name',
      's',
      '--process-name',
      'p',
      '--log-level',
      'warn',
      '--events',
      'auth.user_created, auth.user_deleted',
      '--config',
      'c.yaml',
    ]);
    expect(await code).to.equal(0);
    expect(calls).to.deep.equal([
      ['configure', { serviceName: 's', processName: 'p', logLevel: 'warn', config: 'c.yaml' }],
      ['listenTo', ['auth.user_created', 'auth.user_deleted']],
      ['close'],
    ]);
    expect(JSON.parse(seen.out)).to.deep.include({ listenerName: 'greet', apiNames: ['auth'] });
  });

  it('prints a table on a terminal', async () => {
    const { code, seen } = run({}, [], { isTerminal: true });
    await code;
    expect(seen.out).to.match(/^LISTENER +EVENT +DURABLE\ngreet +auth\.user_created/);
  });

  it('stops at a signal and exits with 0', async () => {
    const worker = untilStopped();
    const { code, signal, handlers } = run({ startWorker: worker.startWorker });
    await worker.hasStarted;
    signal();
    expect(await code).to.equal(0);
    expect(handlers.size).to.equal(0);
  });

  it('stops at a signal that comes while it waits for the server', async () => {
    let waiting: () => void = () => {};
    const isWaiting = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    const startWorker: Members['startWorker'] = ({ signal } = {}) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
        waiting();
      });
    const { code, signal, seen, calls } = run({ startWorker });
    await isWaiting;
    signal('SIGINT');
    expect(await code).to.equal(0);
    expect(seen.err).to.equal('');
    expect(JSON.stringify(calls)).to.include('"info",{"signal":"SIGINT"}');
  });

  it('exits at once, with 1, at a second signal', async () => {
    const worker = untilStopped();
    const startWorker: Members['startWorker'] = async () => ({
      ...(await worker.startWorker()),
      done: new Promise(() => {}),
    });
    const { code, signal, calls } = run({ startWorker });
    await worker.hasStarted;
    signal();
    signal();
    expect(await code).to.equal(1);
    expect(JSON.stringify(calls)).to.include('again to stop at once');
  });

  it('exits with 1 when the worker fails, and does not repeat what the worker has logged', async () => {
    const startWorker: Members['startWorker'] = async () => ({
      done: Promise.reject(new RangeError('no such user')),
      stop: async () => {},
    });
    const { code, seen, calls } = run({ startWorker });
    expect(await code).to.equal(1);
    expect(seen.err).to.equal('');
    expect(calls).to.deep.include(['close']);
  });

  it('exits with 1 when the worker cannot start, with the error, its code and the stack of its cause', async () => {
    const cause = new RangeError('no such user');
    const startWorker: Members['startWorker'] = () =>
      Promise.reject(new UnknownApi('Listener "greet" failed', { cause }));
    const { code, seen, calls } = run({ startWorker });
    expect(await code).to.equal(1);
    expect(seen.err).to.match(
      /^error: Listener "greet" failed \[UnknownApi\]\n {2}cause: RangeError: no such user\n +at /,
    );
    expect(calls).to.deep.include(['close']);
  });
});
