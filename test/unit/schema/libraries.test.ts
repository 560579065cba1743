// What people write in their schema library means here what it means there.
import { expect } from 'chai';
import { InvalidConfiguration, InvalidEventArguments, ValidationError } from '../../../lib/errors.js';
import { LIBRARIES } from '../../fixtures/schemas/libraries.js';
import { contractOf, exportOf } from './support.js';

for (const library of LIBRARIES) {
  const given = (kind: keyof typeof library) => library[kind] !== undefined;

  describe(`A schema of ${library.name}`, () => {
    it('is required and checked', () => {
      const contract = contractOf(library.text);
      contract.validateFired(contract.complete({ value: 'x' }));
      expect(() => contract.validateReceived({ value: 1 })).to.throw(ValidationError);
      expect(() => contract.complete({})).to.throw(InvalidEventArguments, 'is missing parameter "value"');
      expect(exportOf(library.text).required).to.deep.equal(['value']);
    });

    if (given('optional'))
      it('may be optional', () => {
        const contract = contractOf(library.optional);
        expect(contract.complete({})).to.deep.equal({});
        contract.validateReceived({});
        contract.validateReceived({ value: 'x' });
        expect(() => contract.validateReceived({ value: 1 })).to.throw(ValidationError);
        expect(exportOf(library.optional)).not.to.have.property('required');
      });

    if (given('withDefault'))
      it('may have a default, which both sides fill in', () => {
        const contract = contractOf(library.withDefault);
        expect(contract.complete({})).to.deep.equal({ value: 'x' });
        expect(contract.withDefaults({})).to.deep.equal({ value: 'x' });
        expect(exportOf(library.withDefault).properties).to.have.nested.property('value.default', 'x');
      });

    if (given('nullable'))
      it('may admit null, which is a value', () => {
        const contract = contractOf(library.nullable);
        contract.validateFired(contract.complete({ value: null }));
        expect(() => contract.complete({})).to.throw(InvalidEventArguments);
      });

    if (given('recursive'))
      it('may refer to itself', () => {
        const contract = contractOf(library.recursive);
        contract.validateFired({ value: { next: { next: {} } } });
        expect(() => contract.validateReceived({ value: { next: { next: 1 } } })).to.throw(ValidationError, 'next');
        const [reference] = /"#\/definitions\/[^"]+"/.exec(JSON.stringify(exportOf(library.recursive))) ?? [];
        expect(reference).to.be.a('string');
      });

    it('of an object is open for reading and closed for firing', () => {
      const contract = contractOf(library.object);
      contract.validateReceived({ value: { a: 'x', newer: 1 } });
      contract.validateFired({ value: { a: 'x' } });
      expect(() => contract.validateFired({ value: { a: 'x', wrong: 1 } })).to.throw(ValidationError, 'wrong');
    });

    if (given('closed'))
      it('of an object that its author closed is closed for reading, too', () => {
        const contract = contractOf(library.closed);
        expect(() => contract.validateReceived({ value: { a: 'x', newer: 1 } })).to.throw(ValidationError, 'newer');
      });

    if (given('date'))
      it('is refused for a value that JSON has not, with what to do', () => {
        expect(() => contractOf(library.date)).to.throw(
          InvalidConfiguration,
          /^API "one", event "happened", parameter "value".*(?:`encode` and `decode`|allowed values)/,
        );
      });
  });
}
