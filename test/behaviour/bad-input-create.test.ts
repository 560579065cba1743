import { expect } from 'chai';
import {
  Api,
  type ApiClass,
  create,
  Event,
  InvalidConfiguration,
  InvalidName,
  type LightbusError,
} from '../../lib/index.js';
import { AuthApi, errorOf } from '../support/bus.js';

type ErrorClass = new (...args: never[]) => LightbusError;
/** What is done wrong, the error that it is, and what the error has to say: what, where, and what to do. */
type Mistake = readonly [what: string, act: () => unknown, error: ErrorClass, message: RegExp];

/** `create` with what its types forbid. */
const createAnyhow = (options: unknown) => create(options as Record<string, never>);

const apiNamed = (name: unknown): ApiClass =>
  class TestApi extends Api {
    static meta = { name } as { name: string };
  };

const withEvent = (name: string, parameters: unknown = []): ApiClass =>
  class TestApi extends Api {
    static meta = { name: 'test' } as const;
    [name] = new Event({ parameters } as never);
  };

const noop = () => undefined;

const OF_APIS: readonly Mistake[] = [
  [
    'an API without meta',
    () => createAnyhow({ apis: [class NamelessApi extends Api {}] }),
    InvalidConfiguration,
    /^API class NamelessApi has no name; write in it: static meta = \{ name: 'auth' \} as const;$/,
  ],
  [
    'an API without meta.name',
    () => createAnyhow({ apis: [apiNamed(undefined)] }),
    InvalidConfiguration,
    /^API class TestApi has no name; write/,
  ],
  [
    'an API whose name is not a string',
    () => createAnyhow({ apis: [apiNamed(7)] }),
    InvalidName,
    /^API class TestApi: API name 7 is not allowed; give a string such as 'auth'/,
  ],
  [
    'an API with a wildcard for a name',
    () => createAnyhow({ apis: [apiNamed('auth.*')] }),
    InvalidName,
    /^API class TestApi: API name "auth\.\*": segment "\*" is not allowed; use letters, digits and underscores/,
  ],
  [
    'an API whose name has an empty segment',
    () => createAnyhow({ apis: [apiNamed('a..b')] }),
    InvalidName,
    /segment "" is not allowed/,
  ],
  [
    'an API called default',
    () => createAnyhow({ apis: [apiNamed('default')] }),
    InvalidName,
    /API name "default" is refused, because 'default' names the settings of all APIs; rename it/,
  ],
  [
    'an API under default',
    () => createAnyhow({ apis: [apiNamed('default.auth')] }),
    InvalidName,
    /"default\.auth" is refused/,
  ],
  [
    'an API with a leading underscore',
    () => createAnyhow({ apis: [apiNamed('_auth')] }),
    InvalidName,
    /"_auth" starts with an underscore/,
  ],
  [
    'an API called client',
    () => createAnyhow({ apis: [apiNamed('client')] }),
    InvalidName,
    /"client" is refused, because every bus has or is asked for a member of that name; rename it/,
  ],
  [
    'two APIs of one name',
    () => createAnyhow({ apis: [apiNamed('auth'), AuthApi] }),
    InvalidConfiguration,
    /two API classes are called "auth" \(the second is AuthApi\); give one another meta\.name/,
  ],
  [
    'an API that is not a class',
    () => createAnyhow({ apis: [{}] }),
    InvalidConfiguration,
    /^create\(\): apis: .*give a list of API classes, e\.g\. \[AuthApi\]/,
  ],
  [
    'an API that is not an API',
    () => createAnyhow({ apis: [class Foreign {}] }),
    InvalidConfiguration,
    /the function Foreign is not an API class; give the class itself/,
  ],
  [
    'an instance for a class',
    () => createAnyhow({ apis: [new AuthApi()] }),
    InvalidConfiguration,
    /give a list of API classes/,
  ],
  ...[
    'fire',
    'listen',
    'listenBatch',
    'then',
    'toJSON',
    'toString',
    'valueOf',
    'inspect',
    'constructor',
    'prototype',
    'client',
  ].map(
    (word): Mistake => [
      `an event called ${word}`,
      () => createAnyhow({ apis: [withEvent(word)] }),
      InvalidName,
      new RegExp(`API "test" \\(class TestApi\\): Event name on API "test": "${word}" is refused`),
    ],
  ),
  ...['user-created', 'user created', '1st', 'a.b', 'é', 'a\nb', '*', '>'].map(
    (name): Mistake => [
      `an event called ${JSON.stringify(name)}`,
      () => createAnyhow({ apis: [withEvent(name)] }),
      InvalidName,
      /Event name on API "test": ".*" is not allowed; use letters, digits and underscores, starting with a letter/,
    ],
  ),
  ...['__proto__', 'constructor', 'prototype'].map(
    (name): Mistake => [
      `a parameter called ${name}`,
      () => createAnyhow({ apis: [withEvent('happened', [name])] }),
      InvalidName,
      /event "happened".*(reaches an object's prototype; rename it|is not allowed; use letters)/,
    ],
  ),
];

const OF_OPTIONS: readonly Mistake[] = [
  [
    'options that are none',
    () => createAnyhow('price-monitor'),
    InvalidConfiguration,
    /^create\(\): "price-monitor" is not allowed; give options such as \{ serviceName/,
  ],
  [
    'an unknown option',
    () => createAnyhow({ service_name: 'a' }),
    InvalidConfiguration,
    /^create\(\): service_name is not an option \(did you mean "serviceName"\?\); known are 'serviceName', /,
  ],
  [
    'an unknown option of NATS',
    () => createAnyhow({ nats: { server: 'x' } }),
    InvalidConfiguration,
    /^create\(\): nats\.server is not an option \(did you mean "servers"\?\)/,
  ],
  [
    'an unknown option of an API',
    () => createAnyhow({ config: { apis: { auth: { stream: { maxage: 1 } } } } }),
    InvalidConfiguration,
    /^create\(\): config\.apis\.auth\.stream\.maxage is not an option \(did you mean "maxAge"\?\)/,
  ],
  [
    'a wrong type',
    () => createAnyhow({ config: { apis: { auth: { validate: { incoming: 'yes' } } } } }),
    InvalidConfiguration,
    /config\.apis\.auth\.validate\.incoming: "yes" is not allowed; give true or false$/,
  ],
  [
    'a wrong choice',
    () => createAnyhow({ config: { logLevel: 'loud' } }),
    InvalidConfiguration,
    /config\.logLevel: "loud" is not allowed; give one of 'debug', 'info', 'warn', 'error', 'silent'$/,
  ],
  [
    'a duration that means milliseconds',
    () => createAnyhow({ config: { apis: { auth: { eventFireTimeout: 15000 } } } }),
    InvalidConfiguration,
    /config\.apis\.auth\.eventFireTimeout: 15000 is a number of seconds; if milliseconds are meant, write '15000ms', else '15000s'$/,
  ],
  [
    'a duration that is none',
    () => createAnyhow({ config: { shutdownTimeout: '5 minutes' } }),
    InvalidConfiguration,
    /config\.shutdownTimeout: "5 minutes" is not a duration; give a string with a unit/,
  ],
  [
    'a logger without methods',
    () => createAnyhow({ logger: { info: noop } }),
    InvalidConfiguration,
    /^create\(\): logger has no method debug, warn, error; give the console, a pino or winston logger/,
  ],
  [
    'a scoped package as a name',
    () => createAnyhow({ serviceName: '@acme/price-monitor' }),
    InvalidName,
    /^Service name "@acme\/price-monitor" is a scoped package name, which NATS names cannot hold; set serviceName, e\.g\. "price-monitor"$/,
  ],
  ...['a.b', 'a b', 'a--b', '-a', 'a-', 'a/b', '*', 'é', 'a\r\nb'].map(
    (name): Mistake => [
      `a service called ${JSON.stringify(name)}`,
      () => createAnyhow({ serviceName: name }),
      InvalidName,
      /^Service name ".*" is not allowed; use letters, digits and underscores, with single hyphens between them, e\.g\. 'price-monitor'$/,
    ],
  ),
];

describe('bad input to create', () => {
  for (const [what, act, error, message] of [...OF_APIS, ...OF_OPTIONS]) {
    it(`is ${what}, which is ${error.name}`, async () => {
      const thrown = await errorOf<LightbusError>(act);
      expect(thrown).to.be.instanceOf(error);
      expect(thrown.code).to.equal(error.name);
      expect(thrown.name).to.equal(error.name);
      expect(thrown.message).to.match(message);
    });
  }
});
