// Two versions of a service with different options, started at once, do not fight over what is on the server: both work
// with what is there, change nothing, and say where it is not as they would have it.
import { expect } from 'chai';
import type { Duration } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { FULL, scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

describe('two versions of a service with different options', function () {
  this.timeout(FULL ? '15m' : '2m');
  const nats = useNats();
  const rounds = scale(3, 20);
  const events = scale(100, 1000);

  it('started at once agree on one stream and one durable, whichever was first, and handle everything once', async () => {
    for (let round = 0; round < rounds; round++) {
      await using scene = await openScene(nats);
      const version = (lease: Duration, maxAge: Duration, seconds: number) => ({
        seconds,
        start: () =>
          scene.worker({
            listeners: [listener({ acknowledgementTimeout: lease, concurrency: 4 })],
            config: { apis: { jobs: { stream: { maxAge } } } },
          }),
      });
      const [old, recent] = [version('5s', '1h', 5), version('20s', '2h', 20)] as const;
      const workers = await Promise.all([old, recent, old, recent].map(({ start }) => start()));
      const made = await scene.server.manager.consumers.info(scene.stream, 'jobs-service--work--added');
      const { config: stream } = await scene.server.manager.streams.info(scene.stream);
      await scene.fire(Array(events).fill({ does: 'wait 1' }));
      await scene.settled();
      await scene.check();

      // Nobody has changed what the first one made.
      const now = await scene.server.manager.consumers.info(scene.stream, 'jobs-service--work--added');
      expect(now.config).to.deep.equal(made.config);
      expect((await scene.server.manager.streams.info(scene.stream)).config).to.deep.equal(stream);
      const others = workers.filter((_, index) => [5, 20][index % 2] !== Number(now.config.ack_wait) / 1e9);
      // Where two made the durable at once, the first learns a few seconds later that the second has changed it.
      for (const worker of others) await worker.said('going on with');
    }
  });
});
