import { expect } from 'chai';
import { Type } from 'typebox';
import { z } from 'zod';
import { Api, type ApiClass, type ApiDefinition, defineApi } from '../../../lib/definition/api.js';
import { Event } from '../../../lib/definition/event.js';
import { Parameter } from '../../../lib/definition/parameter.js';
import { InvalidConfiguration, InvalidName, type LightbusError } from '../../../lib/errors.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;

  user_created = new Event({ parameters: ['username', 'email'] });
  user_updated = new Event({
    parameters: {
      username: Type.String(),
      note: Type.Optional(Type.String()),
      is_admin: new Parameter(Type.Boolean(), { default: false }),
    },
  });
  user_deleted = new Event({ parameters: 'username' });
  ping = new Event();
  _internal = new Event({ parameters: ['not even', 'checked'] });
  helper = { parameters: ['x'] };
  count = 3;
}

/** The definition of an API whose one event, `happened`, has these parameters, whatever they are. */
function withParameters(parameters: unknown): ApiDefinition {
  class TestApi extends Api {
    static meta = { name: 'test' } as const;
    happened = new Event({ parameters } as never);
  }
  return defineApi(TestApi);
}

/** The definition of an API with this `meta`, whatever it is. */
function withMeta(meta: unknown): ApiDefinition {
  class TestApi extends Api {
    static meta = meta;
  }
  return defineApi(TestApi as unknown as ApiClass);
}

/** The definition of an API with one event of this name. */
function withEventNamed(name: string): ApiDefinition {
  class TestApi extends Api {
    static meta = { name: 'test' } as const;
    constructor() {
      super();
      Object.assign(this, { [name]: new Event() });
    }
  }
  return defineApi(TestApi);
}

function errorOf(act: () => unknown): LightbusError {
  try {
    act();
  } catch (error) {
    return error as LightbusError;
  }
  throw new Error('nothing was thrown');
}

describe('an API', () => {
  const api = defineApi(AuthApi);

  it('has the name and version of its meta, and its events in the order of declaration', () => {
    expect(api.name).to.equal('auth');
    expect(api.version).to.equal(1);
    expect([...api.events.keys()]).to.deep.equal(['user_created', 'user_updated', 'user_deleted', 'ping']);
    expect(withMeta({ name: 'my_company.auth', version: 3 })).to.include({ name: 'my_company.auth', version: 3 });
    expect(withMeta({ name: 'auth', version: undefined }).version).to.equal(1);
  });

  it('gives its events their identity', () => {
    expect(api.events.get('user_created')).to.include({ apiName: 'auth', name: 'user_created', version: 1 });
  });

  it('leaves out events that start with an underscore and properties that are not events', () => {
    for (const name of ['_internal', 'helper', 'count']) expect(api.events.has(name), name).to.equal(false);
  });

  it('takes names, one bare name, and nothing as parameters of any value', () => {
    const parametersOf = (event: string) => [...(api.events.get(event)?.parameters.values() ?? [])];
    const any = { schema: {}, hasDefault: false, default: undefined, optional: false };
    expect(parametersOf('user_created')).to.deep.equal([
      { name: 'username', ...any },
      { name: 'email', ...any },
    ]);
    expect(parametersOf('user_deleted')).to.deep.equal([{ name: 'username', ...any }]);
    expect(parametersOf('ping')).to.deep.equal([]);
  });

  it('keeps schemas as they were given, with defaults and optional ones marked', () => {
    const note = Type.Optional(Type.String());
    const tags = Type.Array(Type.String());
    const literal = { type: 'integer' } as const;
    const zod = z.string();
    const { parameters } = withParameters({
      note,
      literal,
      zod,
      tags: new Parameter(tags, { default: [] }),
      parent: new Parameter({ type: ['string', 'null'] }, { default: null }),
      plain: new Parameter(literal),
    }).events.get('happened') as { parameters: ReadonlyMap<string, { schema: object }> };
    expect(parameters.get('note')).to.include({ optional: true, hasDefault: false });
    expect(parameters.get('tags')).to.include({ optional: false, hasDefault: true }).and.deep.include({ default: [] });
    expect(parameters.get('parent')).to.include({ hasDefault: true, default: null });
    expect(parameters.get('plain')).to.include({ hasDefault: false, optional: false });
    for (const [name, schema] of Object.entries({ note, tags, literal, zod, plain: literal })) {
      expect(parameters.get(name)?.schema, name).to.equal(schema);
    }
  });

  it('is frozen, with its events and parameters', () => {
    const event = api.events.get('user_updated');
    expect(api).to.be.frozen;
    expect(event).to.be.frozen;
    expect(event?.parameters.get('username')).to.be.frozen;
    expect(new AuthApi().user_created).to.be.frozen;
    expect(new AuthApi().user_updated.parameters.is_admin).to.be.frozen;
  });

  it('has the events of the class that it extends', () => {
    class WithHistory extends AuthApi {
      user_restored = new Event({ parameters: 'username' });
    }
    expect([...defineApi(WithHistory).events.keys()]).to.include.members(['user_created', 'user_restored']);
  });

  it('may be made of definitions from another copy of this package', () => {
    class ForeignApi {
      static readonly '~lightbus' = 'api' as const;
      static meta = { name: 'foreign' };
      happened = {
        '~lightbus': 'event',
        parameters: { a: { '~lightbus': 'parameter', schema: {}, hasDefault: true, default: 1 } },
      };
    }
    expect(defineApi(ForeignApi).events.get('happened')?.parameters.get('a')).to.include({
      hasDefault: true,
      default: 1,
    });
  });
});

describe('a bad API class', () => {
  it('is refused if it is not a class that extends Api', () => {
    class Plain {
      static meta = { name: 'plain' };
      happened = new Event();
    }
    const wrong: [unknown, string][] = [
      [Plain, 'the function Plain'],
      [new AuthApi(), 'an object of AuthApi'],
      [undefined, 'undefined'],
      [null, 'null'],
      ['auth', '"auth"'],
    ];
    for (const [value, description] of wrong) {
      const error = errorOf(() => defineApi(value as ApiClass));
      expect(error, description).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.include(description).and.include('extends Api').and.include('apis: [AuthApi]');
    }
  });

  it('is refused without meta or meta.name, which the error shows how to write', () => {
    for (const meta of [undefined, null, 'auth', {}, { name: undefined }]) {
      const error = errorOf(() => withMeta(meta));
      expect(error, String(meta)).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.include('TestApi').and.include("static meta = { name: 'auth' } as const");
    }
  });

  it('is refused with a name that breaks the rules', () => {
    for (const name of [
      '',
      7,
      'a b',
      'a.',
      '.a',
      'a..b',
      'a-b',
      '1a',
      '_a',
      'a._b',
      'a*',
      'a>',
      'ä',
      'a\r\nPUB x 0',
      'default',
      'default.x',
      'client',
      'a.then',
      'a.constructor',
    ]) {
      const error = errorOf(() => withMeta({ name }));
      expect(error, JSON.stringify(name)).to.be.instanceOf(InvalidName);
      expect(error.message).to.include('class TestApi');
    }
  });

  it('is refused with a version that is not a positive integer', () => {
    for (const version of [0, -1, 1.5, '1', null, Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = errorOf(() => withMeta({ name: 'test', version }));
      expect(error, String(version)).to.be.instanceOf(InvalidConfiguration);
      expect(error.message)
        .to.include('API "test" (class TestApi)')
        .and.include('meta.version')
        .and.include('positive integer');
    }
  });

  it('is refused with the remedy if it was compiled to ES5', async () => {
    const { transpileModule, ScriptTarget, ModuleKind } = (await import('typescript')).default;
    const source = "class OldApi extends Api { static meta = { name: 'old' }; }; OldApi";
    const { outputText } = transpileModule(source, {
      compilerOptions: { target: ScriptTarget.ES5, module: ModuleKind.None, ignoreDeprecations: '5.0' },
    });
    const OldApi = new Function('Api', `return eval(${JSON.stringify(outputText)})`)(Api) as ApiClass;
    expect(() => defineApi(OldApi)).to.throw(InvalidConfiguration, 'API "old" (class OldApi) was compiled to ES5');
  });

  it('is refused if its constructor throws, with the cause', () => {
    const cause = new Error('no database');
    class TestApi extends Api {
      static meta = { name: 'test' } as const;
      constructor() {
        super();
        throw cause;
      }
    }
    const error = errorOf(() => defineApi(TestApi));
    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect(error.message).to.include('API "test" (class TestApi)').and.include('no database');
    expect(error.cause).to.equal(cause);
  });
});

describe('a bad event', () => {
  it('is refused for a name that is not an identifier or a refused word', () => {
    for (const name of [
      '1st',
      'a b',
      'a-b',
      'a.b',
      '$x',
      'ä',
      'client',
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
    ]) {
      const error = errorOf(() => withEventNamed(name));
      expect(error, name).to.be.instanceOf(InvalidName);
      expect(error.message).to.include('class TestApi').and.include('"test"').and.include(`"${name}"`);
    }
  });

  it('is refused for an option that does not exist', () => {
    expect(() => new Event({ params: ['x'] } as never)).to.throw(
      InvalidConfiguration,
      /params is not an option; known are 'parameters'/,
    );
    expect(() => new Event(['x'] as never)).to.throw(InvalidConfiguration, /an array.*parameters/);
    expect(() => new Parameter(Type.String(), { defualt: 'x' } as never)).to.throw(
      InvalidConfiguration,
      /defualt is not an option; known are 'default'/,
    );
  });

  it('is refused for parameters that are neither names nor schemas by name', () => {
    for (const parameters of [7, true, null, () => 'x']) {
      const error = errorOf(() => withParameters(parameters));
      expect(error).to.be.instanceOf(InvalidConfiguration);
      expect(error.message)
        .to.include('API "test" (class TestApi), event "happened"')
        .and.include("['username', 'email']");
    }
  });

  it('is refused for one schema that is not of an object, or says more than its properties can', () => {
    for (const parameters of [
      z.string(),
      Type.Array(Type.String()),
      { type: 'object' },
      { type: 'object', properties: { a: {} }, dependentRequired: { a: ['b'] } },
      z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
    ]) {
      const error = errorOf(() => withParameters(parameters));
      expect(error).to.be.instanceOf(InvalidConfiguration);
      expect(error.message)
        .to.include('API "test" (class TestApi), event "happened"')
        .and.include('{ parameters: { data: <the schema> } }');
    }
  });

  it('is refused for a bad name of a parameter', () => {
    for (const name of ['', 'a b', '1', '_x', 'a-b', 'constructor', 'prototype', '__proto__']) {
      for (const parameters of [name, [name], Object.fromEntries([[name, Type.String()]])]) {
        const error = errorOf(() => withParameters(parameters));
        expect(error, JSON.stringify(name)).to.be.instanceOf(InvalidName);
        expect(error.message).to.include('API "test" (class TestApi), event "happened"').and.include(`"${name}"`);
      }
    }
    expect(() => withParameters(['a', 7])).to.throw(InvalidName, '7');
  });

  it('is refused for a parameter given twice', () => {
    expect(() => withParameters(['a', 'b', 'a'])).to.throw(
      InvalidConfiguration,
      'event "happened": parameter "a" is given twice',
    );
  });

  it('is refused for a schema that is not an object', () => {
    for (const schema of [
      'string',
      undefined,
      null,
      true,
      7,
      String,
      ['string'],
      new Event(),
      new Parameter(new Parameter({})),
    ]) {
      const error = errorOf(() => withParameters({ size: schema }));
      expect(error, String(schema)).to.be.instanceOf(InvalidConfiguration);
      expect(error.message).to.include('event "happened", parameter "size"').and.include('Type.String()');
      expect(() => withParameters({ size: new Parameter(schema as object) })).to.throw(
        InvalidConfiguration,
        'not a schema',
      );
    }
  });

  it('is refused for a schema that cannot say what it is as JSON Schema', () => {
    const old = { '~standard': { version: 1, vendor: 'old', validate: () => ({ value: 1 }) } };
    expect(() => withParameters({ size: old })).to.throw(
      InvalidConfiguration,
      /"size".*jsonSchema is missing.*Zod 4\.2/,
    );
  });

  it('is refused for a default that is undefined', () => {
    expect(() => withParameters({ size: new Parameter({}, { default: undefined }) })).to.throw(
      InvalidConfiguration,
      'event "happened", parameter "size": its default is undefined',
    );
  });
});
