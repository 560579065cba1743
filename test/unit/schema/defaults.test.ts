import { expect } from 'chai';
import { Type } from 'typebox';
import { Api, create, Event, InvalidConfiguration, Parameter } from '../../../lib/index.js';

describe('A default that does not fit its own schema', () => {
  class AuthApi extends Api {
    static meta = { name: 'auth' } as const;
    updated = new Event({
      parameters: { nickname: new Parameter(Type.String({ maxLength: 3 }), { default: 'far too long' }) },
    });
  }

  it('is refused when the bus is created, naming event, parameter and rule', () => {
    expect(() => create({ serviceName: 'auth-service', apis: [AuthApi] }))
      .to.throw(InvalidConfiguration)
      .with.property('message')
      .that.includes('auth.updated')
      .and.includes('nickname must NOT have more than 3 characters')
      .and.includes('far too long');
  });
});
