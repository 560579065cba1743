// What cannot be stored is refused, and the error says that it was not stored; what was confirmed is handled; once there
// is room again, firing goes on.
import { expect } from 'chai';
import { DiscardPolicy } from 'nats';
import { EventFireTimeout, LightbusError } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { openScene } from './support/scene.js';

const KIB = 1024;

describe('no room', function () {
  this.timeout('2m');

  describe('in a stream that discards the new', () => {
    const nats = useNats();

    it('is an error at once; what was stored is handled, and firing goes on when there is room', async () => {
      await using scene = await openScene(nats);
      await scene.fire(1);
      await scene.server.manager.streams.update(scene.stream, { max_msgs: 20, discard: DiscardPolicy.New });
      await scene.fire(19);
      const error = await failure(scene.fire(1));
      expect(error).to.be.instanceOf(LightbusError).and.not.instanceOf(EventFireTimeout);
      expect((error as Error).message)
        .to.include('It was not stored')
        .and.include('raise the limits');
      await scene.worker();
      await scene.settled();
      await scene.server.manager.streams.update(scene.stream, { max_msgs: 100 });
      await scene.fire(20);
      await scene.settled();
      await scene.check();
    });
  });

  describe("on the server's disk", () => {
    const nats = useNats({ config: 'jetstream { max_file_store: 2MB }' });

    it('is an error when time is up; what was stored is handled, and firing goes on when there is room', async () => {
      await using scene = await openScene(nats);
      await scene.worker();
      // Somebody else's stream takes all there is.
      await scene.server.manager.streams.add({ name: 'hoard', subjects: ['hoard'] });
      await fillUp(scene.server.nats);
      await scene.fire(0);
      let stored = 0;
      const error = await failure(
        (async () => {
          for (; ; stored += 1) await scene.fire(1, { timeout: '2s' });
        })(),
      );
      expect(error).to.be.instanceOf(EventFireTimeout);
      expect((error as EventFireTimeout).stored).to.equal('no');
      await scene.settled();
      await scene.server.manager.streams.delete('hoard');
      await scene.fire(20);
      await scene.settled();
      const { fired } = await scene.check();
      expect(fired).to.equal(stored + 20);
    });
  });
});

/** Leaves less than a message's room of 32 KiB. */
async function fillUp(nats: import('nats').NatsConnection): Promise<void> {
  for (let refused = false; !refused; ) {
    const answer = await nats.request('hoard', new Uint8Array(32 * KIB), { timeout: 10_000 });
    refused = answer.string().includes('"error"');
  }
}

async function failure(firing: Promise<unknown>): Promise<unknown> {
  return firing.then(
    () => {
      throw new Error('firing succeeded');
    },
    (error: unknown) => error,
  );
}
