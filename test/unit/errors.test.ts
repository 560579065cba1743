import { expect } from 'chai';
import { LightbusError, UnknownApi } from '../../lib/errors.js';

describe('An error of ours', () => {
  it('is named by its code, whatever a minifier made of its class', () => {
    const Minified = class extends UnknownApi {};
    Object.defineProperty(Minified, 'name', { value: 'a' });
    expect(String(new Minified('no such API'))).to.equal('UnknownApi: no such API');
    expect(new LightbusError('it failed').name).to.equal('LightbusError');
    expect(Object.keys(new UnknownApi('no such API'))).to.deep.equal(['code']);
  });

  it('can be renamed by a class that extends it', () => {
    class Mine extends LightbusError {
      constructor() {
        super('mine');
        this.name = 'Mine';
      }
    }
    expect(new Mine().name).to.equal('Mine');
  });
});
