import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { connect, type Msg, type NatsConnection } from 'nats';
import sinon from 'sinon';
import { guardClient } from '../../../lib/broker/jetstream/connection/client-guard.js';
import { headerBlock } from '../../../lib/broker/jetstream/wire/header-block.js';

// What we rely on and the client does not promise. A new version of it must pass these before `~2.29` may be changed.
describe('the internals of the client that we rely on', () => {
  let server: Server;
  let nats: NatsConnection;
  let sockets: Socket[];
  let printed: sinon.SinonSpy[];
  /** What a client has sent over all connections. */
  let received: string;
  let delay: number;
  let delays: number[];
  /** How often a login is still to be refused, and how often one was asked for. */
  let refusals: number;
  let challenges: number;
  const clock = { shift: 0 };

  /** As much of a server as a client needs to connect. */
  beforeEach(async () => {
    sockets = [];
    received = '';
    [delay, delays, refusals, challenges, clock.shift] = [10, [], 0, 0, 0];
    const now = Date.now;
    sinon.stub(Date, 'now').callsFake(() => now() + clock.shift);
    server = createServer((socket) => {
      sockets.push(socket);
      socket.write('INFO {"server_id":"x","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n');
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        received += String(bytes);
        if (String(bytes).startsWith('CONNECT') && refusals > 0) {
          refusals -= 1;
          socket.end("-ERR 'Authorization Violation'\r\n");
          return;
        }
        for (const _ of String(bytes).matchAll(/PING\r\n/g)) socket.write('PONG\r\n');
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    printed = (['log', 'info', 'warn', 'error', 'trace'] as const).map((method) => sinon.stub(console, method));
    nats = await connect({
      servers: `127.0.0.1:${port}`,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      authenticator: () => {
        challenges += 1;
        return { auth_token: 't' };
      },
      reconnectDelayHandler: () => {
        delays.push(delay);
        return delay;
      },
      noAsyncTraces: true,
    });
  });

  afterEach(async () => {
    sinon.restore();
    await nats.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const events = () => ({ damaged: sinon.spy(), attemptFailed: sinon.spy(), threw: sinon.spy() });
  const output = () => printed.flatMap((method) => method.args).join('\n');
  const until = async (fact: () => boolean) => {
    while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('protocol.parser: damaged bytes are told without the bytes, never printed, and the client connects again', async () => {
    const told = events();
    guardClient(nats, told);
    for (const connection of [1, 2]) {
      await until(() => sockets.length >= connection);
      await nats.flush();
      sockets[connection - 1]?.write('MSG a.secret 1 5\r\nhello\r\nCANARY: a body in the wrong place\r\n');
      await until(() => told.damaged.callCount === connection);
    }
    await until(() => sockets.length === 3);
    expect(told.damaged.args.flat().join()).to.match(/^parse error \[\d+\],parse error \[\d+\]$/);
    expect(output()).to.equal('');
  });

  it('protocol.push: what a callback throws is told, and the next message arrives', async () => {
    const told = events();
    guardClient(nats, told);
    const seen: string[] = [];
    nats.subscribe('a', {
      callback: (_error, message) => {
        seen.push(message.string());
        throw new Error('broken');
      },
    });
    await nats.flush();
    sockets[0]?.write('MSG a 1 3\r\none\r\nMSG a 1 3\r\ntwo\r\n');
    await until(() => seen.length === 2);
    expect(told.threw.args.map(([error]) => (error as Error).message)).to.deep.equal(['broken', 'broken']);
    expect(output()).to.equal('');
  });

  it('protocol._doDial: each attempt to connect again that fails is told', async () => {
    const told = events();
    guardClient(nats, told);
    server.close();
    sockets[0]?.destroy();
    await until(() => told.attemptFailed.callCount > 1);
    expect(told.attemptFailed.firstCall.args[0]).to.have.property('code', 'CONNECTION_REFUSED');
  });

  it('headers: encode() is all that is called on the headers of a publish', async () => {
    const encode = () => Buffer.from('NATS/1.0\r\na: b\r\n\r\n');
    nats.publish('a', 'body', { headers: { encode } as never });
    await nats.flush();
    expect(received).to.include('HPUB a 18 22\r\nNATS/1.0\r\na: b\r\n\r\nbody\r\n');
  });

  it('callbacks: a refused subscription is told by its callback, with an error and no message', async () => {
    const callback = sinon.spy();
    nats.subscribe('a.*', { callback });
    await nats.flush();
    sockets[0]?.write('-ERR \'Permissions Violation for Subscription to "a.*"\'\r\n');
    await until(() => callback.called);
    expect(callback.firstCall.args[0]).to.have.property('code', 'PERMISSIONS_VIOLATION');
    expect(callback.firstCall.args[0].permissionContext).to.include({ operation: 'subscription', subject: 'a.*' });
  });

  it('messages: size() counts subject, reply, headers and body, and headers stand before the body in one buffer', async () => {
    const received: Msg[] = [];
    nats.subscribe('a', { callback: (_error, message) => received.push(message) });
    await nats.flush();
    sockets[0]?.write('HMSG a 1 reply.to 18 22\r\nNATS/1.0\r\nb: c\r\n\r\nbody\r\nMSG a 1 3\r\none\r\n');
    await until(() => received.length === 2);
    const [first, second] = received as [Msg, Msg];
    expect(Buffer.from(headerBlock(first)).toString()).to.equal('NATS/1.0\r\nb: c\r\n\r\n');
    expect(Buffer.from(first.data).toString()).to.equal('body');
    expect(headerBlock(second)).to.have.length(0);
  });

  it('drain of a subscription: UNSUB and PING leave, and what arrives before the PONG is still handed over', async () => {
    const seen: string[] = [];
    const subscription = nats.subscribe('a', { callback: (_error, message) => seen.push(message.string()) });
    await nats.flush();
    const before = received.length;
    const drained = subscription.drain();
    sockets[0]?.write('MSG a 1 4\r\nlate\r\n');
    await drained;
    expect(received.slice(before)).to.equal('UNSUB 1\r\nPING\r\n');
    expect(seen).to.deep.equal(['late']);
  });

  it('reconnectDelayHandler: is asked before each attempt, and what is below zero lets it begin at once', async () => {
    const asked = delays.length;
    sockets[0]?.destroy();
    await until(() => sockets.length === 2);
    expect(delays.length).to.be.above(asked);
    clock.shift = -3_600_000; // A clock that was set back: with a delay of 10 ms it would take an hour.
    delay = -3_600_000;
    await nats.flush();
    sockets[1]?.destroy();
    await until(() => sockets.length === 3);
  });

  it('authenticator: is asked at each challenge, and a refusal does not end the attempts', async () => {
    challenges = 0;
    refusals = 3;
    await nats.flush();
    sockets[0]?.destroy();
    await until(() => sockets.length === 5);
    await nats.flush();
    expect(challenges).to.equal(4);
    expect(nats.isClosed()).to.equal(false);
  });
});
