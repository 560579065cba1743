import { expect } from 'chai';
import { Type } from 'typebox';
import { Api, defineApi } from '../../../lib/definition/api.js';
import { Event } from '../../../lib/definition/event.js';
import { Parameter } from '../../../lib/definition/parameter.js';
import { InvalidEventArguments, ValidationError } from '../../../lib/errors.js';
import { createContract } from '../../../lib/schema/contract.js';
import { ValidatorFactory } from '../../../lib/schema/validator.js';

class AuthApi extends Api {
  static meta = { name: 'auth' } as const;
  user_updated = new Event({
    parameters: {
      username: Type.String(),
      note: Type.Optional(Type.String()),
      roles: new Parameter(Type.Array(Type.String()), { default: ['user'] }),
      deleted: new Parameter(Type.Union([Type.Null(), Type.String()]), { default: null }),
    },
  });
  heartbeat = new Event();
}

const contractOf = (name: 'user_updated' | 'heartbeat') => {
  const event = defineApi(AuthApi).events.get(name);
  if (event === undefined) throw new Error(name);
  return createContract(event, new ValidatorFactory());
};

describe('a contract', () => {
  const { complete, withDefaults, validateReceived: validate } = contractOf('user_updated');

  it('fills in what has a default, and leaves the rest as it was', () => {
    const given = Object.freeze({ username: 'adam' });
    expect(complete(given)).to.deep.equal({ username: 'adam', roles: ['user'], deleted: null });
    expect(withDefaults(given)).to.deep.equal({ username: 'adam', roles: ['user'], deleted: null });
    expect(given).to.deep.equal({ username: 'adam' });
  });

  it('fills in a copy each time, so that a handler that changes it changes no later event', () => {
    const first = withDefaults({ username: 'adam' });
    (first.roles as string[]).push('admin');
    expect(withDefaults({ username: 'eve' }).roles).to.deep.equal(['user']);
  });

  it('takes null for a value and undefined for nothing', () => {
    expect(complete({ username: 'adam', roles: undefined, deleted: 'now' })).to.deep.include({
      roles: ['user'],
      deleted: 'now',
    });
    expect(complete({ username: null })).to.include({ username: null });
    expect(() => complete({ username: undefined })).to.throw(InvalidEventArguments, 'is missing parameter "username"');
  });

  it('gives back the very object where nothing is to be filled in', () => {
    const whole = { username: 'adam', roles: [], deleted: null };
    expect(withDefaults(whole)).to.equal(whole);
  });

  it('refuses unknown names when firing, and keeps them when receiving', () => {
    expect(() => complete({ username: 'adam', is_admin: true })).to.throw(
      InvalidEventArguments,
      'Event auth.user_updated has no parameter "is_admin"; it takes { username, note?, roles?, deleted? }',
    );
    expect(withDefaults({ username: 'adam', is_admin: true })).to.include({ is_admin: true });
  });

  it('names all that is missing and unknown, shortened where that is much', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`.padEnd(300, 'x'), 1]));
    expect(() => complete(many))
      .to.throw(
        InvalidEventArguments,
        /is missing parameter "username" and has no parameters "p0x+\.\.\.", .* and 490 more; it takes/,
      )
      .with.property('message')
      .that.has.length.below(1000);
  });

  it('says of an event without parameters that it has none', () => {
    expect(contractOf('heartbeat').complete({})).to.deep.equal({});
    expect(() => contractOf('heartbeat').complete({ a: 1 })).to.throw(
      InvalidEventArguments,
      'Event auth.heartbeat has no parameter "a"; it takes no parameters',
    );
  });

  it('does not take a Map for parameters by name', () => {
    expect(() => complete(new Map([['username', 'adam']]))).to.throw(
      InvalidEventArguments,
      'missing parameter "username"',
    );
  });

  it('validates values, with all issues on the error', () => {
    validate({ username: 'adam', roles: [], deleted: null });
    let error: ValidationError | undefined;
    try {
      validate({ username: 7, roles: 'admin', deleted: null });
    } catch (thrown) {
      error = thrown as ValidationError;
    }
    expect(error).to.be.instanceOf(ValidationError);
    expect(error?.issues.map(({ path }) => path)).to.deep.equal(['/username', '/roles']);
    expect(error?.message).to.equal(
      'Event auth.user_updated has parameters that do not fit its schema: username must be string, is 7; roles must be array, is "admin"',
    );
  });
});
