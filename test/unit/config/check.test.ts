import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { API_OPTIONS } from '../../../lib/config/api-options.js';
import { checkOptions } from '../../../lib/config/check.js';
import { checkCreateOptions } from '../../../lib/config/create-options.js';
import type { OptionTable } from '../../../lib/config/option.js';
import { CONFIG_OPTIONS } from '../../../lib/config/options.js';
import { InvalidConfiguration, InvalidName } from '../../../lib/errors.js';

const auth = (options: unknown) => ({ apis: { auth: options } });
const stream = (options: unknown) => auth({ stream: options });

const REFUSED: [input: unknown, ...said: string[]][] = [
  [stream({ storage: 'disk' }), 'lightbus.yaml: apis.auth.stream.storage', '"disk"', "'file', 'memory'"],
  [stream({ storag: 'file' }), 'lightbus.yaml: apis.auth.stream.storag ', 'did you mean "storage"?', "'maxAge'"],
  [{ service_name: 'x' }, 'lightbus.yaml: service_name', 'did you mean "serviceName"?'],
  [{ xyzzy: 1 }, 'lightbus.yaml: xyzzy is not an option; known are'],
  [JSON.parse('{"__proto__": {}}'), '__proto__ is not an option'],
  [{ constructor: 1 }, 'constructor is not an option'],
  [stream({ replicas: 6 }), 'apis.auth.stream.replicas', 'from 1 to 5', "'auto'"],
  [stream({ replicas: 1.5 }), 'apis.auth.stream.replicas'],
  [stream({ maxLength: 0 }), 'apis.auth.stream.maxLength', 'at least 1', 'or null'],
  [stream({ duplicateWindow: null }), 'apis.auth.stream.duplicateWindow'],
  [stream([]), 'apis.auth.stream', 'an array', 'a mapping of'],
  [stream({ placement: { tags: [] } }), 'apis.auth.stream.placement.tags', 'a list of strings'],
  [auth({ eventFireTimeout: 1500 }), 'apis.auth.eventFireTimeout', "'1500ms'"],
  [auth({ eventFireTimeout: 0 }), 'apis.auth.eventFireTimeout', 'at least'],
  [auth({ acknowledgementTimeout: '30d' }), 'apis.auth.acknowledgementTimeout', "at most '24d'"],
  [auth({ validate: { incoming: 'yes' } }), 'apis.auth.validate.incoming', 'true or false'],
  [{ apis: { 'a b': {} } }, 'apis.a b'],
  [{ manage: null }, 'manage', 'true or false'],
  [{ logLevel: 'verbose' }, 'logLevel', "'debug', 'info', 'warn', 'error', 'silent'"],
  [{ shutdownTimeout: '5 minutes' }, 'shutdownTimeout', "'30s'"],
  [{ processName: 'a\nb' }, 'processName', 'printable'],
  [{ nats: { inboxPrefix: 'a\r\nPUB x' } }, 'nats.inboxPrefix', 'letters'],
  [{ nats: { apiPrefix: 'a.>' } }, 'nats.apiPrefix'],
  [{ nats: { servers: [] } }, 'nats.servers', 'a list of strings'],
];

describe('Options that are not allowed', () => {
  for (const [input, ...said] of REFUSED) {
    it(`are refused with path and remedy: ${JSON.stringify(input)}`, () => {
      const check = () => checkOptions(CONFIG_OPTIONS, input, 'lightbus.yaml:');
      for (const words of said) expect(check).to.throw(InvalidConfiguration, words);
    });
  }

  it('never show a secret', () => {
    for (const nats of [
      'nats://me:hunter2@a',
      { password: ['hunter2'] },
      { password: 4711 },
      { servers: { x: 'hunter2' } },
    ]) {
      expect(() => checkOptions(CONFIG_OPTIONS, { nats }, ''))
        .to.throw(InvalidConfiguration)
        .and.satisfy(({ message }: Error) => !/hunter2|4711/.test(message));
    }
  });

  it('may be groups with nothing in them, as YAML has them when all is commented out', () => {
    checkOptions(CONFIG_OPTIONS, { nats: null, apis: { auth: null, default: { stream: null } } }, '');
  });
});

describe('Options of create()', () => {
  const REFUSED_IN_CREATE: [options: unknown, ...said: string[]][] = [
    [{ service: 'x' }, 'create(): service is not an option', 'did you mean "serviceName"?'],
    [{ serviceName: 3 }, 'create(): serviceName: 3'],
    [{ config: 3 }, 'create(): config', 'path of a file'],
    [{ config: { logLevel: 'loud' } }, 'create(): config.logLevel'],
    [{ nats: { server: 'a' } }, 'create(): nats.server is not an option', 'did you mean "servers"?'],
    [{ apis: class {} }, 'create(): apis', '[AuthApi]'],
    [{ apis: [{}] }, 'create(): apis'],
    [{ logger: { info() {} } }, 'create(): logger', 'debug, warn, error'],
    ['x', 'create()'],
  ];
  for (const [options, ...said] of REFUSED_IN_CREATE) {
    it(`are refused at once: ${said[0]}`, () => {
      for (const words of said) expect(() => checkCreateOptions(options)).to.throw(InvalidConfiguration, words);
    });
  }

  it('hold a name that NATS can hold', () => {
    expect(() => checkCreateOptions({ serviceName: '@acme/x' })).to.throw(InvalidName, 'scoped');
    checkCreateOptions({
      serviceName: 'x',
      processName: undefined,
      apis: [class {}],
      config: 'lightbus.yaml',
      nats: {},
      logger: console,
    });
  });
});

describe('The documentation of options', () => {
  const sources = ['options', 'api-options', 'nats-options'].map((name) =>
    readFileSync(new URL(`../../../lib/config/${name}.ts`, import.meta.url), 'utf8'),
  );

  function check(table: OptionTable): void {
    for (const [name, option] of Object.entries(table)) {
      it(`says the same of ${name} to editors as to everybody else`, () => {
        const hasDefault = option.default !== undefined && option.default !== null && option.type !== 'boolean';
        const texts = sources.flatMap((source) =>
          [...source.matchAll(/\/\*\* (.*) \*\/\n\s+(\w+)\?:/g)]
            .filter(([, , key]) => key === name)
            .map(([, text]) => text),
        );
        const text = texts.find((each) => each?.startsWith(option.doc));
        expect(text, `of ${texts.join(' | ')}`).to.be.a('string');
        if (text?.includes('@default') && hasDefault)
          expect(text).to.include(
            `@default ${typeof option.default === 'string' ? `'${option.default}'` : option.default}`,
          );
      });
      if ('options' in option) check(option.options);
    }
  }
  check(CONFIG_OPTIONS);
  it('is there for APIs', () => expect(Object.keys(API_OPTIONS)).not.to.be.empty);
});
