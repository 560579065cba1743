import { expect } from 'chai';
import { LossWatch } from '../../../lib/broker/jetstream/consuming/losses.js';
import type { DurableInfo } from '../../../lib/broker/jetstream/provisioning/durable-config.js';
import type { StreamInfo } from '../../../lib/broker/jetstream/provisioning/stream-config.js';
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

describe('events that were removed before they were delivered', () => {
  const at = (sequence: number, pending: number) => ({ durableSequence: sequence, sequence, pending });
  const info = (sequence: number, pending: number) =>
    ({
      delivered: { consumer_seq: sequence, stream_seq: sequence },
      num_pending: pending,
    }) as DurableInfo;

  for (const alone of [true, false]) {
    it(`are told gap by gap, each of them once, ${alone ? 'on a stream of its own' : "among others' events"}`, () => {
      const log = recordLog();
      const losses = new LossWatch('svc--watch--placed', log);
      losses.begin(streamFrom(1), info(5, 50), 5, alone);
      expect(losses.observe(at(5, 40)), 'ten are gone, and no delivery').to.equal(true);
      // By the time the stream was asked, three more were.
      losses.confirm(streamFrom(19), alone);
      expect(losses.observe(at(5, 37))).to.equal(true);
      losses.confirm(streamFrom(19), alone);
      expect(losses.observe({ durableSequence: 6, sequence: 19, pending: 36 })).to.equal(false);
      const told = log.entries.map(({ level, fields: { lost, from, to } }) => ({ level, lost, from, to }));
      expect(told).to.deep.equal([
        { level: 'error', lost: 10, from: 6, to: alone ? 15 : 18 },
        { level: 'error', lost: 3, from: alone ? 16 : 6, to: 18 },
      ]);
    });
  }
});
