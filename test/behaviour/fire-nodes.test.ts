import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Api, create, Event, InvalidName, UnknownApi } from '../../lib/index.js';
import { AuthApi, errorOf, handleOf, settings } from '../support/bus.js';
import { useNats } from '../support/nats.js';

class CompanyApi extends Api {
  static meta = { name: 'my_company.auth' } as const;
  user_registered = new Event({ parameters: 'username' });
}

/** A bus that would fail if anything were fired on it. */
function busOnNothing() {
  return create({ ...settings('nats://127.0.0.1:1'), apis: [AuthApi, CompanyApi] });
}

describe('the nodes of a bus', () => {
  it('are the same each time they are asked for', () => {
    const bus = busOnNothing();

    expect(bus.auth).to.equal(bus.auth);
    expect(bus.auth.user_created).to.equal(bus.auth.user_created);
    expect(bus.my_company.auth.user_registered).to.equal(bus.my_company.auth.user_registered);
    expect(bus.auth).not.to.equal(bus.my_company.auth);
  });

  it('can be awaited, printed, compared and written as JSON like plain objects', async () => {
    const bus = busOnNothing();
    for (const node of [bus.auth, bus.auth.user_created, bus.my_company.auth.user_registered]) {
      expect(await node).to.equal(node);
      expect(JSON.stringify(node)).to.equal('{}');
      expect(inspect(node)).to.be.a('string');
      expect(`${node}`).to.match(/^\[lightbus bus\.(auth|my_company\.auth)/);
      expect(node).to.equal(node);
      expect(Object.keys(node)).to.deep.equal([]);
    }
    expect(await bus).to.equal(bus);
    expect(() => JSON.stringify(bus)).not.to.throw();
    expect(() => inspect(bus, { showHidden: true, showProxy: true, depth: 5 })).not.to.throw();
    expect(`${bus}`).to.equal('[lightbus bus]');
  });

  it('answer what JavaScript asks every object for as a plain object would', () => {
    const bus = busOnNothing();
    const node = bus.auth as unknown as Record<string | symbol, unknown>;
    for (const key of ['then', 'toJSON', 'inspect', 'prototype', Symbol.iterator, Symbol.toPrimitive, inspect.custom]) {
      expect(node[key], String(key)).to.equal(undefined);
    }
    expect(node.constructor).to.equal(Object);
    expect(Object.getPrototypeOf(node)).to.equal(Object.prototype);
  });

  it('cannot be assigned to', () => {
    const bus = busOnNothing();
    expect(() => Object.assign(bus, { auth: {} })).to.throw(TypeError, 'events are declared in an API class');
    expect(() => Object.assign(bus.auth, { user_created: {} })).to.throw(TypeError, 'A bus cannot be changed');
  });

  it('name no event where the path is too short, and say so', async () => {
    const bus = busOnNothing();
    for (const node of [handleOf(bus), handleOf(bus, 'auth')]) {
      const error = await errorOf(node.fire());
      expect(error).to.be.instanceOf(InvalidName);
      expect(error.message).to.match(/names no event; write bus\.<api>\.<event>\.fire/);
    }
  });

  it('reject names that would be commands or wildcards on NATS, whatever the path', async () => {
    const bus = busOnNothing();
    for (const name of [
      '*',
      '>',
      'a b',
      'a\r\nPUB x 0\r\n\r\n',
      'a%',
      'é',
      '',
      '$JS',
      '1a',
      'a.b',
      'a-b',
      '__proto__x',
    ]) {
      expect(await errorOf(handleOf(bus, 'auth', name).fire()), `event ${name}`).to.be.instanceOf(InvalidName);
      if (name !== 'a.b')
        expect(await errorOf(handleOf(bus, name, 'x').fire()), `API ${name}`).to.be.instanceOf(InvalidName);
    }
    expect(await errorOf(handleOf(bus, 'a.b', 'x').fire())).to.be.instanceOf(UnknownApi);
  });

  it('reject the API "default", and all under it', async () => {
    const bus = busOnNothing();
    for (const path of [
      ['default', 'x'],
      ['default', 'auth', 'x'],
    ]) {
      expect(await errorOf(handleOf(bus, ...path).fire())).to.be.instanceOf(InvalidName);
    }
  });
});

describe('dynamic names', () => {
  const nats = useNats();

  it('reach the same events', async () => {
    await using bus = create({ ...settings(nats.url), apis: [AuthApi, CompanyApi] });
    const [api, event] = ['auth', 'user_deleted'] as const;
    expect(bus[api][event]).to.equal(bus.auth.user_deleted);
    expect(await bus[api][event].fire({ username: 'adam' })).to.include({ apiName: 'auth', eventName: 'user_deleted' });

    const dotted = handleOf(bus, 'my_company.auth', 'user_registered');
    expect(await dotted.fire({ username: 'adam' })).to.include({ apiName: 'my_company.auth' });
  });
});

describe('a bus that is only created', () => {
  it('connects to nothing, whatever is read off it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const bus = create({ ...settings(`nats://127.0.0.1:${port}`), apis: [AuthApi] });
    bus.auth.user_created.listen(() => undefined, { listenerName: 'idle' });
    expect(await bus).to.equal(bus);
    expect(`${bus} ${inspect(bus)} ${JSON.stringify(bus)}`).to.include('lightbus');
    await bus.client.close();

    // Connections are accepted in order: a first one of the bus would come before ours.
    const ours = connect(port, '127.0.0.1');
    const [[first]] = await Promise.all([once(server, 'connection'), once(ours, 'connect')]);
    expect((first as Socket).remotePort).to.equal(ours.localPort);
    ours.destroy();
    server.close();
  });
});
