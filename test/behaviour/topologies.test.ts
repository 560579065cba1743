// Servers other than one or three: whatever JetStream really runs on, streams are made and events travel.
import { expect } from 'chai';
import { create, LightbusError, OnError } from '../../lib/index.js';
import { startCluster } from '../faults/support/cluster.js';
import { AuthApi, Collected, errorOf, recordLog, settings } from '../support/bus.js';
import { startLeafNode } from '../support/leaf-node.js';
import { startNats } from '../support/nats.js';
import { plainNats } from '../support/plain-nats.js';

describe('a topology', function () {
  this.timeout('2m');

  /** Fires one event and handles it, by a bus with these options. */
  async function carries(nats: object, config: object = {}): Promise<string> {
    const log = recordLog();
    await using bus = create({ ...settings('', log), nats, config, apis: [AuthApi] });
    const handled = new Collected<string>();
    bus.auth.user_deleted.listen(({ username }) => handled.add(username), { listenerName: 'topology' });
    await using _worker = await bus.client.startWorker();
    await bus.auth.user_deleted.fire({ username: 'adam' }, { timeout: '60s' });
    expect(await handled.count(1)).to.deep.equal(['adam']);
    return log.problems();
  }

  it('of two servers keeps one copy, and says so', async () => {
    await using cluster = await startCluster(2);
    expect(await carries({ servers: cluster.url })).to.match(/JetStream has no 3 servers for the stream lightbus-auth/);
  });

  it('of a leaf node with a JetStream of its own keeps the events on the leaf', async () => {
    await using servers = await startLeafNode('jetstream { domain: leaf }');
    expect(await carries({ servers: servers.leaf.url })).to.equal('');
    await using plain = await plainNats(servers.leaf.url);
    expect(await plain.all('lightbus-auth')).to.have.length(1);
  });

  it('of a leaf node without JetStream keeps the events on the hub, also while the hub restarts', async () => {
    await using servers = await startLeafNode('jetstream: disabled');
    const { hub, leaf } = servers;
    expect(await carries({ servers: leaf.url, domain: 'hub' })).to.equal('');
    await hub.stop();
    const log = recordLog();
    await using bus = create({ ...settings('', log), nats: { servers: leaf.url, domain: 'hub' }, apis: [AuthApi] });
    const fired = bus.auth.user_deleted.fire({ username: 'eve' }, { timeout: '60s' });
    await log.said(
      'JetStream has not answered at $JS.hub.API for some seconds; still waiting: is nats.domain "hub" right?',
    );
    await hub.restart();
    expect(await fired).to.deep.include({ nativeId: { stream: 'lightbus-auth', sequence: 2 } });
  });

  it('where an account demands limits says which settings are missing, and works with them', async () => {
    await using nats = await startNats({
      config: `accounts { app { users: [{ user: u, password: p }], jetstream { max_file: 64MB, max_bytes_required: true } } }`,
    });
    const login = { servers: nats.url, user: 'u', password: 'p' };
    await using bus = create({ ...settings(''), nats: login, apis: [AuthApi] });
    const error = await errorOf(bus.auth.heartbeat.fire());
    expect(error).to.be.instanceOf(LightbusError);
    expect(error.message).to.match(
      /max bytes set \(10113\); set maxBytes, which its account demands \(apis\.auth\.stream\)/,
    );

    const log = recordLog();
    const stream = { maxBytes: 1_000_000 };
    const config = { apis: { default: { stream } }, deadLetters: { stream }, replays: { stream } };
    await using limited = create({ ...settings('', log), nats: login, config, apis: [AuthApi] });
    limited.auth.heartbeat.listen(() => Promise.reject(new Error('no')), {
      listenerName: 'fails',
      onError: OnError.DEAD_LETTER,
    });
    await using _worker = await limited.client.startWorker();
    await limited.auth.heartbeat.fire();
    await log.said('dead letter');
    const letters = limited.client.deadLetters.list({ service: 'test-service' });
    expect((await letters[Symbol.asyncIterator]().next()).value).to.include({ listener: 'fails' });
  });
});
