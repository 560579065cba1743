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

  it('is refused when the event is first used, naming event, parameter and rule', async () => {
    const bus = create({ serviceName: 'auth-service', apis: [AuthApi] });
    const error = await bus.auth.updated.fire().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(InvalidConfiguration);
    expect((error as Error).message)
      .to.include('auth.updated')
      .and.include('nickname must NOT have more than 3 characters')
      .and.include('far too long');
  });
});
