import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runProgram } from '../../lib/cli/program.js';
import { create, Reject } from '../../lib/index.js';
import { AuthApi, Collected, settings } from '../support/bus.js';
import { runCommand } from '../support/command.js';
import { fakeTerminal } from '../support/fake-terminal.js';
import { useNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';

const STREAM = 'lightbus_dead_letters';
const SERVICE = fileURLToPath(new URL('../fixtures/cli/worker/', import.meta.url));
const HOSTILE = 'red \u001b[31m\u009b2J\u202e\nand more';

describe('lightbus deadletters', function () {
  this.timeout('60s');
  const nats = useNats();
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lightbus-deadletters-'));
    await writeFile(join(directory, 'lightbus.json'), JSON.stringify({ nats: { servers: nats.url } }));
    await using plain = await plainNats(nats.url);
    await plain.clear();
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Runs the command in a folder without a bus module, and with `answer` at a terminal. */
  async function deadletters(
    argv: string[],
    options: { isTerminal?: boolean; columns?: number; answer?: string } = {},
  ) {
    const { isTerminal = false, columns, answer } = options;
    const { terminal, seen } = fakeTerminal({ directory, isTerminal, ...(columns !== undefined && { columns }) });
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return answer ?? '';
    };
    const config = ['--config', join(directory, 'lightbus.json')];
    const argument = ['deadletters', ...argv, ...config];
    const code = await runProgram(argument, answer === undefined ? terminal : { ...terminal, ask }, '1.2.3');
    const lines = seen.out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (isTerminal ? line : (JSON.parse(line) as Record<string, unknown>)));
    return { code, lines, asked, ...seen };
  }

  const kept = async () => {
    await using plain = await plainNats(nats.url);
    return (await plain.all(STREAM)).length;
  };

  /** A service that gives up each of `names`; its listener handles what comes again. */
  async function givenUp(...names: string[]) {
    const bus = create({ ...settings(nats.url), apis: [AuthApi] });
    const replayed = new Collected<string>();
    bus.auth.user_created.listen(
      ({ username }, event) => {
        if (event.replayed) return replayed.add(username);
        throw new Reject(`no room for ${username}`);
      },
      { listenerName: 'flaky', since: 'beginning' },
    );
    await bus.client.startWorker();
    for (const username of names) await bus.auth.user_created.fire({ username, email: 'x' });
    while ((await kept()) < names.length) await new Promise((resolve) => setTimeout(resolve, 20));
    return { bus, replayed };
  }

  it('lists one object a line and nothing else, without a bus module and a service name', async () => {
    const { bus } = await givenUp('adam', 'eve');
    await using _closing = bus;
    const { code, lines, err } = await deadletters(['list']);
    expect({ code, err }).to.deep.equal({ code: 0, err: '' });
    expect(lines).to.have.length(2);
    expect(Object.keys(lines[0] as object)).to.deep.equal(
      'sequence id service listener api event error attempts firstAt lastAt process nativeId truncated'.split(' '),
    );
    expect(lines[1]).to.deep.include({
      sequence: 2,
      service: 'test-service',
      listener: 'flaky',
      api: 'auth',
      event: 'user_created',
      attempts: 1,
      nativeId: { stream: 'lightbus-auth', sequence: 2 },
      truncated: false,
    });
    expect((await deadletters(['list', '--error', 'for EVE'])).lines).to.deep.equal([lines[1]]);
    expect((await deadletters(['list', '--until', '1h'])).lines).to.deep.equal([]);
    expect((await deadletters(['list', '--since', '1h', '--limit', '1'])).lines).to.deep.equal([lines[0]]);
    expect((await deadletters(['list', '--service', 'nobody'])).lines).to.deep.equal([]);
  });

  it('lists a table for people', async () => {
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    const { out, err } = await deadletters(['list'], { isTerminal: true });
    const [head, row] = out.split('\n');
    expect(head).to.match(/^SEQUENCE +GIVEN UP \(UTC\) +SERVICE +LISTENER +EVENT +ATTEMPTS +ERROR$/);
    expect(row).to.match(
      /^1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +test-service +flaky +auth\.user_created +1 +Reject: no room for adam$/,
    );
    expect(err).to.equal('1 dead letter\n');
  });

  it('lists blocks where the table does not fit the terminal', async () => {
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    const { out } = await deadletters(['list'], { isTerminal: true, columns: 40 });
    expect(out).to.match(/^SEQUENCE +1\n(.*\n)*EVENT +auth\.user_created\n(.*\n)*ERROR +Reject: no room for adam\n\n$/);
  });

  it('shows one, for people and for programs, and exits with 1 where there is none', async () => {
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    const people = await deadletters(['show', '1'], { isTerminal: true });
    expect(people.out)
      .to.include('no room for adam')
      .and.include('"username": "adam"')
      .and.include('ce-type: auth.user_created');
    const { lines } = await deadletters(['show', '1']);
    expect(lines[0]).to.deep.include({ sequence: 1, parameters: { username: 'adam', email: 'x' } });
    const none = await deadletters(['show', '7']);
    expect(none).to.include({ code: 1, out: '' });
    expect(none.err).to.include('There is no dead letter 7');
  });

  it('lets nothing reach the terminal that it would act upon, however it was stored', async () => {
    await using plain = await plainNats(nats.url);
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    const encoded = encodeURIComponent(HOSTILE);
    await plain.send(
      `${STREAM}.a\u001b[31mb.l.auth.user_created`,
      HOSTILE,
      `NATS/1.0\r\nNats-Msg-Id: ${encoded}\r\nx-evil: \u001b[2J${HOSTILE.slice(0, 8)}\r\nlightbus-error-name: ${encoded}\r\nlightbus-error-message: ${encoded}${'x'.repeat(200_000)}\r\nlightbus-error-stack: ${encoded}\r\nlightbus-process: ${encoded}\r\nlightbus-stream: ${encoded}\r\n\r\n`,
    );
    for (const isTerminal of [true, false]) {
      for (const argv of [['list'], ['show', '2'], ['replay', '2']]) {
        const { out, err } = await deadletters(argv, { isTerminal });
        expect(`${out}${err}`, argv.join(' ')).not.to.match(/[^\P{Cc}\n]|\u202e/u);
        expect(out.length, argv.join(' ')).to.be.below(argv[0] === 'show' ? 30_000 : 20_000);
      }
    }
  });

  it('replays to the listener, all or only those named, and shows first what it would do', async () => {
    const { bus, replayed } = await givenUp('adam', 'eve', 'cain');
    await using _closing = bus;
    const dry = await deadletters(['replay', '2', '3', '--dry-run']);
    expect(dry.lines.map((line) => (line as { sequence: number }).sequence)).to.deep.equal([2, 3]);
    expect(await kept()).to.equal(3);
    const some = await deadletters(['replay', '2']);
    expect(some).to.include({ code: 0, out: '', err: 'replayed 1 of 1\n' });
    expect(await replayed.count(1)).to.deep.equal(['eve']);
    expect((await deadletters(['replay', '--listener', 'flaky'])).err).to.equal('replayed 2 of 2\n');
    await replayed.count(3);
    expect(await deadletters(['replay'])).to.include({
      code: 0,
      err: 'There is no such dead letter, so none was replayed\n',
    });
    expect(await kept()).to.equal(0);
  });

  it('says which cannot be replayed, and exits with 1', async () => {
    await using plain = await plainNats(nats.url);
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    await plain.send(`${STREAM}.x`, 'hello');
    const { code, err } = await deadletters(['replay']);
    expect(code).to.equal(1);
    expect(err).to.include('dead letter 2 cannot be replayed').and.include('replayed 1 of 2, 1 left');
  });

  it('removes only after a yes, and refuses with 2 where there is nobody to ask', async () => {
    const { bus } = await givenUp('adam', 'eve', 'cain');
    await using _closing = bus;
    const refused = await deadletters(['remove']);
    expect(refused.code).to.equal(2);
    expect(refused.err).to.include('--yes');
    const no = await deadletters(['remove'], { answer: '' });
    expect(no).to.deep.include({
      code: 0,
      err: 'Removed nothing\n',
      asked: ['Remove 3 dead letters for good? [y/N] '],
    });
    expect((await deadletters(['remove', '--dry-run'])).lines).to.have.length(3);
    expect(await kept()).to.equal(3);
    expect((await deadletters(['remove', '1'], { answer: 'y' })).err).to.equal('removed 1 of 1\n');
    expect((await deadletters(['remove', '--yes', '--error', 'eve'])).err).to.equal('removed 1 of 1\n');
    expect(await kept()).to.equal(1);
  });

  for (const [argv, said] of [
    [[], 'Usage: lightbus deadletters'],
    [['lst'], 'Did you mean list?'],
    [['list', '--since', 'yesterday'], 'is not a time'],
    [['list', '--limit', '0'], 'whole number'],
    [['list', '--service', 'a.>'], 'Service name'],
    [['list', '--format', 'xml'], 'Allowed choices are human, json'],
    [['show'], 'missing required argument'],
    [['show', 'x'], 'whole number'],
  ] as const) {
    it(`exits with 2 for wrong usage: ${argv.join(' ')}`, async () => {
      const { terminal, seen } = fakeTerminal({ directory });
      expect(await runProgram(['deadletters', ...argv], terminal, '1.2.3')).to.equal(2);
      expect(seen.out).to.equal('');
      expect(seen.err).to.include(said);
    });
  }

  it('connects as the bus module does, if there is one, and keeps standard output for the list', async () => {
    const { bus } = await givenUp('adam');
    await using _closing = bus;
    await using lightbus = runCommand(['deadletters', 'list', '--format', 'json'], {
      directory: SERVICE,
      environment: { NATS_URL: nats.url },
    });
    expect(await lightbus.exit).to.equal(0);
    expect(lightbus.out.trimEnd().split('\n')).to.have.length(1);
    expect(JSON.parse(lightbus.out)).to.include({ sequence: 1, listener: 'flaky' });
    expect(lightbus.err).to.include('a greeting that is not JSON');
  });

  it('takes the server from NATS_URL, and says where none answers, which is not a failure to fire', async function () {
    this.timeout('120s');
    await writeFile(join(directory, 'lightbus.json'), '{ "apis": { "default": { "eventFireTimeout": "300ms" } } }');
    await using lightbus = runCommand(['deadletters', 'list'], {
      directory,
      environment: { NATS_URL: 'nats://127.0.0.1:1' },
    });
    expect(await lightbus.exit).to.equal(1);
    expect(lightbus.err).to.match(/^error: No connection to NATS at nats:\/\/127\.0\.0\.1:1 .* \[LightbusError\]\n/);
    expect(lightbus.out).to.equal('');
  });
});
