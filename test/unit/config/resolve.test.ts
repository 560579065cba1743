import { expect } from 'chai';
import { resolveConfig } from '../../../lib/config/resolve.js';
import { InvalidConfiguration, InvalidName } from '../../../lib/errors.js';
import { withoutPassword } from '../../../lib/secret-text.js';

const file = (input: unknown) => ({ path: '/etc/service/lightbus.yaml', input });
const named = { serviceName: 'x' };

describe('Configuration', () => {
  it('has a default for everything but the name of the service', () => {
    const config = resolveConfig({ packageName: 'price-monitor', defaultProcessName: 'host-7' });
    const kept = {
      storage: 'file',
      replicas: 'auto',
      maxAge: null,
      maxLength: null,
      maxBytes: null,
      duplicateWindow: 3_600_000,
      appendOnly: false,
      placement: null,
    };
    expect({ ...config, api: undefined }).to.deep.equal({
      serviceName: 'price-monitor',
      processName: 'host-7',
      prefix: 'lightbus',
      logLevel: 'info',
      shutdownTimeout: 30_000,
      nats: { servers: ['nats://127.0.0.1:4222'] },
      deadLetters: { stream: kept },
      replays: { stream: kept },
      warnings: [],
      api: undefined,
    });
    expect(config.api('auth')).to.deep.equal({
      manage: true,
      validate: { incoming: true, outgoing: true },
      strictValidation: false,
      eventFireTimeout: 15_000,
      acknowledgementTimeout: 60_000,
      stream: {
        storage: 'file',
        replicas: 'auto',
        maxAge: null,
        maxLength: null,
        maxBytes: null,
        duplicateWindow: 120_000,
        appendOnly: false,
        placement: null,
      },
    });
  });

  it('keeps dead letters and replays where the APIs are kept, unless they have settings of their own', () => {
    const apis = { default: { stream: { storage: 'memory', replicas: 3, maxBytes: 10, placement: { cluster: 'x' } } } };
    const { deadLetters, replays } = resolveConfig({
      file: file({ ...named, apis, deadLetters: { stream: { replicas: 1, maxBytes: 5000, appendOnly: true } } }),
    });
    const shared = { storage: 'memory', placement: { cluster: 'x' }, maxAge: null };
    expect(deadLetters.stream).to.deep.include({ ...shared, replicas: 1, maxBytes: 5000, appendOnly: true });
    expect(replays.stream).to.deep.include({ ...shared, replicas: 3, maxBytes: null, appendOnly: false });
  });

  it('prefers the command line to create(), that to the file, that to the environment', () => {
    const flags = { serviceName: 'by-flag' };
    const created = { serviceName: 'by-create', processName: 'by-create' };
    const environment = {
      LIGHTBUS_SERVICE_NAME: 'by-env',
      LIGHTBUS_PROCESS_NAME: 'by-env',
      LIGHTBUS_LOG_LEVEL: 'error',
      NATS_URL: 'nats://by-env',
    };
    const input = { serviceName: 'by-file', processName: 'by-file', logLevel: 'debug' };
    const config = resolveConfig({ flags, created, environment, file: file(input), packageName: 'by-package' });
    expect(config.serviceName).to.equal('by-flag');
    expect(config.processName).to.equal('by-create');
    expect(config.logLevel).to.equal('debug');
    expect(config.nats.servers).to.deep.equal(['nats://by-env:4222']);
  });

  it('warns when sources disagree on the name of the service, naming both', () => {
    const created = { serviceName: 'by-create' };
    const { warnings } = resolveConfig({ created, file: file({ serviceName: 'by-file' }), packageName: 'by-package' });
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.include('"by-create" by create()').and.include('"by-file" by lightbus.yaml');
  });

  it('says how to name the service when nobody does, and refuses a scoped name with a hint', () => {
    expect(() => resolveConfig({})).to.throw(InvalidConfiguration, 'LIGHTBUS_SERVICE_NAME');
    expect(() => resolveConfig({ packageName: '@acme/prices' })).to.throw(InvalidName, 'e.g. "prices"');
  });

  it('takes what an API does not set from default, and from lower sources, option by option', () => {
    const created = { ...named, config: { apis: { default: { eventFireTimeout: 5 } } } };
    const input = {
      manage: false,
      apis: { default: { eventFireTimeout: 6, stream: { maxAge: '7d' } }, auth: { stream: { storage: 'memory' } } },
    } as const;
    const config = resolveConfig({ created, file: file(input) });
    expect(config.api('auth').eventFireTimeout).to.equal(5000);
    expect(config.api('auth').stream).to.include({ storage: 'memory', maxAge: 604_800_000 });
    expect(config.api('other').stream).to.include({ storage: 'file', maxAge: 604_800_000 });
    expect(config.api('auth').manage).to.equal(false);
  });

  it('lets null take back what default set', () => {
    const input = { ...named, apis: { default: { stream: { maxAge: '7d' } }, auth: { stream: { maxAge: null } } } };
    expect(resolveConfig({ file: file(input) }).api('auth').stream.maxAge).to.equal(null);
  });

  it('takes undefined for not given', () => {
    const created = { ...named, nats: { servers: undefined }, config: { logLevel: undefined } };
    const config = resolveConfig({ flags: { logLevel: undefined }, created, file: file({ logLevel: 'warn' }) });
    expect(config.logLevel).to.equal('warn');
    expect(config.nats.servers).to.deep.equal(['nats://127.0.0.1:4222']);
  });

  it('finds files beside the configuration file that names them', () => {
    const nats = {
      credentials: './svc.creds',
      tls: { caFile: '../ca.pem', certFile: 'cert.pem', keyFile: '/abs/key.pem' },
    };
    const config = resolveConfig({ file: file({ ...named, nats }) });
    expect(config.nats.credentials).to.equal('/etc/service/svc.creds');
    expect(config.nats.tls).to.deep.include({
      caFile: '/etc/ca.pem',
      certFile: '/etc/service/cert.pem',
      keyFile: '/abs/key.pem',
    });
  });

  it('keeps the duplicate window within the age of the stream, and refuses one that was asked for and is longer', () => {
    const of = (stream: object) =>
      resolveConfig({ file: file({ ...named, apis: { auth: { stream } } }) }).api('auth').stream;
    expect(of({ maxAge: '30s' }).duplicateWindow).to.equal(30_000);
    expect(() => of({ maxAge: '30s', duplicateWindow: '1m' })).to.throw(
      InvalidConfiguration,
      'apis.auth.stream.duplicateWindow',
    );
  });

  it('accepts the example of the documentation', () => {
    const stream = {
      storage: 'file',
      replicas: 'auto',
      maxAge: null,
      maxLength: null,
      maxBytes: null,
      duplicateWindow: '2m',
      appendOnly: false,
      placement: null,
    };
    const input = {
      serviceName: 'price-monitor',
      manage: true,
      nats: {
        servers: 'nats://127.0.0.1:4222',
        credentials: './svc.creds',
        tls: {},
        domain: null,
        apiPrefix: null,
        inboxPrefix: null,
      },
      apis: {
        default: {
          validate: { incoming: true, outgoing: true },
          strictValidation: false,
          eventFireTimeout: 15,
          acknowledgementTimeout: 60,
          stream,
        },
        auth: { acknowledgementTimeout: 10 },
      },
    };
    const config = resolveConfig({ file: file(input) });
    expect(config.api('auth').acknowledgementTimeout).to.equal(10_000);
    expect(config.nats).to.deep.equal({ servers: ['nats://127.0.0.1:4222'], credentials: '/etc/service/svc.creds' });
  });
});

describe('Addresses of NATS', () => {
  const nats = (options: object, url?: string) =>
    resolveConfig({ created: { ...named, nats: options }, environment: { NATS_URL: url } }).nats;

  it('are one, several, or a list with commas, with or without scheme and port', () => {
    expect(nats({}, 'a, nats://b:80,tls://c:1').servers).to.deep.equal(['nats://a:4222', 'nats://b:80', 'tls://c:1']);
    expect(nats({ servers: ['nats://[::1]:5'] }).servers).to.deep.equal(['nats://[::1]:5']);
  });

  it('give up their user and password, which then log in', () => {
    expect(nats({}, 'nats://me:p%40ss@a')).to.deep.equal({ servers: ['nats://a:4222'], user: 'me', password: 'p@ss' });
    expect(nats({}, 'nats://secret@a')).to.deep.equal({ servers: ['nats://a:4222'], token: 'secret' });
    expect(nats({ token: 't' }, 'nats://me:pass@a')).to.deep.equal({ servers: ['nats://a:4222'], token: 't' });
  });

  it('demand TLS with tls://', () => {
    expect(nats({}, 'tls://a').tls).to.deep.equal({});
    expect(nats({ tls: {} }, 'nats://a')).not.to.have.property('tls');
  });

  for (const address of [
    'http://me:hunter2@a',
    'nats://me:hunter2@',
    'nats://me:hunter2@a b\r\nPUB x',
    'nats://me:hun/ter2@a',
    'nats://me:hunter2@a:99999',
    'nats://me:a,hunter2@b c',
  ]) {
    it(`that are none are refused without their password: ${JSON.stringify(address)}`, () => {
      expect(() => nats({ servers: address }))
        .to.throw(InvalidConfiguration, 'nats.servers')
        .and.satisfy(({ message }: Error) => !/hun|ter2/.test(message));
    });
  }

  it('allow one way to log in', () => {
    expect(() => nats({ token: 't', user: 'u' })).to.throw(InvalidConfiguration, 'exclude each other');
    expect(() => nats({ password: 'p' })).to.throw(InvalidConfiguration, 'nats.user');
    expect(() => nats({ domain: 'd', apiPrefix: 'p' })).to.throw(InvalidConfiguration, 'exclude each other');
  });

  it('are shown without user and password', () => {
    expect(withoutPassword('nats://me:p@ss/w@a:1')).to.equal('nats://***@a:1');
    expect(withoutPassword('me:pass@a')).to.equal('***@a');
    expect(withoutPassword('nats://a:1')).to.equal('nats://a:1');
  });
});
