// On a cluster, a server that still replicates a first copy of an id refuses a second one. Neither of the two may be told
// that it was not stored: both are, as one event, and exactly one of them is not a duplicate.
import { expect } from 'chai';
import { create } from '../../lib/index.js';
import { AuthApi, settings } from '../support/bus.js';
import { useCluster } from './support/cluster.js';
import { scale } from './support/scale.js';

describe('events of equal ids on a cluster of three', function () {
  this.timeout('4m');
  const cluster = useCluster();
  const pairs = scale(20, 300);

  for (const by of ['one bus', 'two buses']) {
    it(`fired at the same moment by ${by} are stored once, and told so`, async () => {
      const prefix = `ids_${by.slice(0, 3)}`;
      const options = { ...settings(''), nats: { servers: [...cluster.url] }, config: { prefix }, apis: [AuthApi] };
      await using first = create(options);
      await using other = create(options);
      await first.auth.heartbeat.fire({}, { timeout: '60s' });
      await other.auth.heartbeat.fire({}, { timeout: '60s' });
      const second = by === 'one bus' ? first : other;

      for (let pair = 1; pair <= pairs; pair++) {
        const fire = { id: `pair-${pair}`, timeout: '60s' } as const;
        const fired = await Promise.all([first.auth.heartbeat.fire({}, fire), second.auth.heartbeat.fire({}, fire)]);
        expect(fired.map(({ duplicate }) => duplicate).sort(), fire.id).to.deep.equal([false, true]);
        expect(new Set(fired.map(({ nativeId }) => nativeId.sequence)).size).to.equal(1);
      }
    });
  }
});
