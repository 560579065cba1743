import { expect } from 'chai';
import { LastDelivery, maySetBack } from '../../../lib/broker/jetstream/consuming/last-delivery.js';

describe('the newest event that was acknowledged', () => {
  it('is known again when the server hands it over as if for the first time', () => {
    const last = new LastDelivery();
    expect(last.repeats({ deliveries: 1, sequence: 7 }), 'never acknowledged').to.equal(false);
    for (const sequence of [6, 7, 5]) last.acknowledged(sequence);
    expect(last.repeats({ deliveries: 1, sequence: 7 })).to.equal(true);
    expect(last.repeats({ deliveries: 2, sequence: 7 }), 'a redelivery: the acknowledgement was lost').to.equal(false);
    expect(last.repeats({ deliveries: 1, sequence: 8 }), 'a new event').to.equal(false);
  });

  it('is looked for only where no durable can be set back on purpose', () => {
    expect(['2.9.10', '2.10.12', '2.10.29'].map(maySetBack)).to.deep.equal([true, true, true]);
    expect(['2.11.0', '2.15.2-RC.1', '3.0.0', '', undefined].map(maySetBack)).to.deep.equal(Array(5).fill(false));
  });
});
