import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect, type NatsConnection } from 'nats';
import { create } from '../../lib/index.js';
import { runCommand } from '../support/command.js';
import { useNats } from '../support/nats.js';
import { makeProject, onlySnippet, type SnippetProject } from './pages.js';
import { runFile } from './support.js';

describe('the examples of the documentation', function () {
  this.timeout('2m');
  const nats = useNats();
  let project: SnippetProject;
  let connection: NatsConnection;

  before(async () => {
    project = await makeProject();
    connection = await connect({ servers: nats.url });
  });
  after(async () => {
    await connection?.close();
    await project?.[Symbol.asyncDispose]();
  });

  it('carry an event from one service of README to the other', async () => {
    const folder = join(project.folder, 'README');
    const environment = { NATS_URL: nats.url };
    await using worker = runCommand(['run', '--bus', 'other-service/bus.ts'], { directory: folder, environment });
    await worker.said('waiting until a service that owns it has started');
    await runFile('auth-service/sign-up.ts', { cwd: folder, natsUrl: nats.url });
    await handled('other-service--user_created--user_created', 1);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).to.equal(0);
  });

  it('fire and listen with a plain NATS client, as the page on the wire format says', async () => {
    const { folder } = project;
    const seen: { id: string; username: string; source: string | undefined }[] = [];
    await using bus = create({ serviceName: 'reader', nats: { servers: nats.url }, config: { logLevel: 'error' } });
    const both = new Promise<void>((resolve) => {
      bus.auth?.user_created?.listen(
        ({ username }, { id, source }) => {
          seen.push({ id, username, source });
          if (seen.length === 2) resolve();
        },
        { listenerName: 'reader' },
      );
    });
    await bus.client.startWorker();
    await connection.jetstream().publish(...(await natsPub()));
    const options = { cwd: folder, natsUrl: nats.url };
    expect(await runFile('wire/fire.mjs', options)).to.match(/^lightbus-auth \d+\n$/);
    await both;
    expect(seen[0]?.id).to.match(/^lightbus-auth:\d+$/);
    expect(seen[1]).to.deep.equal({ id: 'sign-up-4711', username: 'adam', source: '/legacy-shop' });
    const printed = await runFile('wire/listen.mjs', options);
    expect(printed).to.contain("sign-up-4711 { username: 'adam', email: 'adam@example.com' }");
  });

  it('count a payment once that is delivered twice, as the page on idempotent handlers says', async () => {
    const main = `
      import { connect, headers } from 'nats';
      import { balances, bus } from './payments.js';
      const nats = await connect({ servers: process.env.NATS_URL });
      await bus.payments.payment_received.fire({ username: 'adam', cents: 100 }, { id: 'a' });
      const again = headers();
      again.set('ce-id', 'a');
      await nats.jetstream().publish('lightbus.payments.payment_received', '{"username":"adam","cents":100}', { headers: again });
      await bus.payments.payment_received.fire({ username: 'adam', cents: 1 }, { id: 'b' });
      const all = new Promise((resolve) => bus.client.afterEventExecution(({ id }) => { if (id === 'b') resolve(undefined); }));
      await bus.client.startWorker();
      await all;
      console.log(balances.get('adam'));
      await bus.client.close();
      await nats.close();`;
    const folder = join(project.folder, 'idempotent-handlers');
    await writeFile(join(folder, 'main.ts'), main);
    expect(await runFile('main.ts', { cwd: folder, natsUrl: nats.url })).to.equal('101\n');
  });

  it('run a handler in a thread, as the page on tuning says', async () => {
    const main = `
      import { Api, Event, create } from 'lightbus-jetstream';
      class AuthApi extends Api { static meta = { name: 'auth' }; user_created = new Event({ parameters: ['username', 'email'] }); }
      const bus = create({ serviceName: 'drawing', apis: [AuthApi], config: { logLevel: 'error' } });
      bus.auth.user_created.listen(new URL('./avatar.ts', import.meta.url), { listenerName: 'draw_avatar', concurrency: 4 });
      const handled = new Promise((resolve) => bus.client.afterEventExecution(resolve));
      const write = process.stdout.write.bind(process.stdout); // what a thread prints comes by way of this one, in its own time
      const printed = new Promise((resolve) => { process.stdout.write = (...text) => { resolve(); return write(...text); }; });
      await bus.client.startWorker();
      await bus.auth.user_created.fire({ username: 'adam', email: 'adam@example.com' });
      await Promise.all([handled, printed]);
      await bus.client.close();`;
    const folder = join(project.folder, 'tuning');
    await writeFile(join(folder, 'main.mjs'), main);
    expect(await runFile('main.mjs', { cwd: folder, natsUrl: nats.url })).to.equal('drawing adam\n');
  });

  /** Subject and body of the page's `nats pub`. */
  async function natsPub(): Promise<[string, string]> {
    const { text } = await onlySnippet('wire', 'sh');
    const [, subject = '', body = ''] = /^nats pub (\S+) '(.+)'$/m.exec(text) ?? [];
    return [subject, body];
  }

  /** Resolves when a durable of the API `auth` has had `count` events acknowledged. */
  async function handled(durable: string, count: number): Promise<void> {
    const { consumers } = await connection.jetstreamManager();
    for (;;) {
      const info = await consumers.info('lightbus-auth', durable).catch(() => undefined);
      if (info !== undefined && info.ack_floor.consumer_seq >= count && info.num_ack_pending === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
