import { expect } from 'chai';
import { InvalidName } from '../../lib/errors.js';
import {
  apiSubjects,
  checkApiName,
  checkEventName,
  checkListenerName,
  checkParameterName,
  checkPrefix,
  checkServiceName,
  deadLetterStream,
  deadLetterSubject,
  durableOf,
  replayStream,
  replaySubject,
  streamOf,
  subjectOf,
} from '../../lib/names.js';

/** What NATS or JetStream would read as something else than a name. */
const HOSTILE = [
  '',
  ' ',
  'a b',
  'a\tb',
  'a\r\nPUB x 0',
  'a\n',
  '*',
  '>',
  'a*',
  'a>',
  'a/b',
  'a\\b',
  'a%20',
  'é',
  'a\u0000',
  '$JS',
];

const checks = {
  'API name': (name: unknown) => checkApiName(name),
  'event name': (name: unknown) => checkEventName('auth', name),
  'parameter name': (name: unknown) => checkParameterName(name),
  'service name': (name: unknown) => checkServiceName(name),
  'listener name': (name: unknown) => checkListenerName(name),
  prefix: (name: unknown) => checkPrefix(name),
};

describe('names', () => {
  it('are subjects, streams and durables by these rules', () => {
    expect(subjectOf('lightbus', 'my_company.auth', 'user_registered')).to.equal(
      'lightbus.my_company.auth.user_registered',
    );
    expect(apiSubjects('lightbus', 'my_company.auth')).to.equal('lightbus.my_company.auth.*');
    expect(streamOf('lightbus', 'my_company.auth')).to.equal('lightbus-my_company-auth');
    expect(durableOf('price-monitor', 'send_price_alerts', 'changed')).to.equal(
      'price-monitor--send_price_alerts--changed',
    );
    expect(durableOf('price-monitor', 'audit')).to.equal('price-monitor--audit');
    expect(deadLetterStream('lightbus')).to.equal('lightbus_dead_letters');
    expect(deadLetterSubject('lightbus', 'price-monitor', 'audit', 'my_company.auth.changed')).to.equal(
      'lightbus_dead_letters.price-monitor.audit.my_company.auth.changed',
    );
    expect(replayStream('lightbus')).to.equal('lightbus_replays');
    expect(replaySubject('lightbus', 'price-monitor', 'audit', 'auth.changed')).to.equal(
      'lightbus_replays.price-monitor.audit.auth.changed',
    );
  });

  for (const [what, check] of Object.entries(checks)) {
    it(`of the kind "${what}" may be plain words, and nothing that NATS would read as more`, () => {
      for (const name of ['auth', 'A', 'user_created', 'a1', 'x'.repeat(100)]) check(name);
      for (const name of [...HOSTILE, undefined, null, 7, {}, ['a']]) {
        expect(() => check(name), String(name)).to.throw(InvalidName);
      }
    });
  }

  it('of APIs may have dots, each segment being a name of its own', () => {
    for (const name of ['my_company.auth', 'a.b.c', 'a.default']) checkApiName(name);
    for (const name of ['.', 'a.', '.a', 'a..b', 'a._b', 'a.fire', 'a.b c', 'default', 'default.a']) {
      expect(() => checkApiName(name), name).to.throw(InvalidName, JSON.stringify(name));
    }
  });

  it('of services and listeners may have single hyphens inside, so that durables cannot be confused', () => {
    for (const name of ['price-monitor', 'a-b-c', '1', '_private', 'a_b-c_d']) {
      checkServiceName(name);
      checkListenerName(name);
    }
    for (const name of ['a--b', '-a', 'a-', '-', 'a.b']) {
      expect(() => checkServiceName(name), name).to.throw(InvalidName, 'single hyphens between them');
      expect(() => checkListenerName(name), name).to.throw(InvalidName, 'single hyphens between them');
    }
  });

  it('of a scoped package tell which name could be meant', () => {
    expect(() => checkServiceName('@acme/price-monitor')).to.throw(
      InvalidName,
      'set serviceName, e.g. "price-monitor"',
    );
    expect(() => checkServiceName('@acme')).to.throw(InvalidName, 'scoped package name');
  });

  it('of durables are 200 bytes long at most, so that one that just fits is made and one more is refused', () => {
    const listener = 'l'.repeat(200 - 'service----event'.length);
    expect(durableOf('service', listener, 'event')).to.have.length(200);
    expect(() => durableOf('service', `${listener}l`, 'event')).to.throw(InvalidName, 'has 201 bytes');
  });

  it('of parameters may be refused words of the bus, but no way to a prototype', () => {
    for (const name of ['fire', 'client', 'then', 'toString']) checkParameterName(name);
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expect(() => checkParameterName(name), name).to.throw(InvalidName);
    }
  });

  it('are shortened where an error quotes them', () => {
    expect(() => checkListenerName(`${'x'.repeat(5000)} `))
      .to.throw(InvalidName)
      .with.property('message')
      .that.has.length.below(250);
  });
});
