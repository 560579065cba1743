// A worker with nothing to do ends soon after SIGTERM, whatever its server does: frozen, it answers nothing and ends no connection.
import { expect } from 'chai';
import { startNats } from '../support/nats.js';
import { openScene } from './support/scene.js';

/** The client alone would hold on to a frozen server for longer than half a minute, and then forever. */
const FAR_TOO_LONG_MS = 60_000;

describe('SIGTERM with a frozen server', function () {
  this.timeout('3m');

  it('ends an idle worker with 0', async () => {
    await using nats = await startNats();
    await using scene = await openScene(nats);
    await scene.fire(1);
    const worker = await scene.worker();
    await scene.settled();
    process.kill(nats.pid, 'SIGSTOP');
    try {
      const stopped = worker.stop();
      const late = new Promise((resolve) => setTimeout(resolve, FAR_TOO_LONG_MS, 'still running').unref());
      expect(await Promise.race([stopped, late])).to.equal(0);
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
  });
});
