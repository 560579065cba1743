import { expect } from 'chai';
import { LossWatch } from '../../../lib/broker/jetstream/losses.js';
import type { StreamInfo } from '../../../lib/broker/jetstream/stream-config.js';
import { recordLog } from '../../support/bus.js';

/** A stream whose first events were removed. */
function streamFrom(first_seq: number): StreamInfo {
  return {
    config: { name: 'lightbus-shop', subjects: ['lightbus.shop.*'], retention: 'limits' },
    created: '2026-01-01T00:00:00Z',
    state: { messages: 100, first_seq, last_seq: first_seq + 99 },
  };
}

describe('events that were given back, and removed before they came again', () => {
  it('are told once, with their sequences, as an upper bound', () => {
    const log = recordLog();
    const losses = new LossWatch('svc--watch--placed', log);
    for (const sequence of [3, 4, 5, 9]) losses.gaveBack(sequence);
    losses.came(4);
    losses.confirmGivenBack(streamFrom(6), 2);
    losses.confirmGivenBack(streamFrom(6), 2);
    expect(log.entries.map(({ level, fields }) => ({ level, ...fields }))).to.deep.equal([
      { level: 'warn', durable: 'svc--watch--placed', stream: 'lightbus-shop', lost: 2, from: 3, to: 5 },
    ]);
    expect(losses.awaits, 'the ninth still waits').to.equal(true);
  });

  it('are forgotten where another process has settled them', () => {
    const log = recordLog();
    const losses = new LossWatch('svc--watch--placed', log);
    losses.gaveBack(3);
    losses.confirmGivenBack(streamFrom(1), 3);
    losses.confirmGivenBack(streamFrom(10), 3);
    expect(log.entries).to.deep.equal([]);
  });
});
