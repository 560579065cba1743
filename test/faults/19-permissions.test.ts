// A service whose rights are withdrawn while it works waits for them, says what it lacks, asks seldom, and goes on by itself
// when they are given back; nothing is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Nats, startNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { FULL, scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

/** @param denied subjects that the user `some` may not publish to */
const users = (...denied: string[]) => `authorization { users: [
  { user: all, password: p }
  { user: some, password: p, permissions: { publish: { deny: ${JSON.stringify(denied.length > 0 ? denied : ['x'])} } } }
] }`;
/** Those that take longest are left out of the short form. */
const WITHDRAWN = (
  [
    ['to pull', '$JS.API.CONSUMER.MSG.NEXT.>'],
    ['to acknowledge', '$JS.ACK.>'],
    ['to look after its durable', '$JS.API.CONSUMER.>', '$JS.API.STREAM.>'],
    ['to do anything', '>'],
  ] as const
).filter(([what]) => FULL || !['to pull', 'to look after its durable'].includes(what));

describe('rights withdrawn and given back', function () {
  this.timeout('3m');

  for (const [what, ...denied] of WITHDRAWN) {
    it(`${what}: the worker goes on when it has them again`, async () => {
      await using nats = await startNats({ config: users() });
      const login = { user: 'all', password: 'p' };
      await using scene = await openScene(nats, { login });
      const events = scale(50, 500);
      await scene.fire(events);
      const config = { nats: { user: 'some', password: 'p' } };
      await scene.worker({ config, listeners: [listener({ concurrency: 4, acknowledgementTimeout: '1s' })] });
      await scene.settled();

      await nats.reload(users(...denied));
      await scene.fire(Array(events).fill({ does: 'wait 5' }));
      const before = refusals(nats);
      await sleep(3000);
      expect(refusals(nats) - before, 'refused in three seconds').to.be.below(20);
      await nats.reload(users());
      await scene.settled();
      await scene.check({ twice: 'any', overlapping: 'any' });
    });
  }

  it('to fire: it fails and names the subject, stores nothing, and works when it has them again', async () => {
    await using nats = await startNats({ config: users() });
    await using scene = await openScene(nats, { login: { user: 'some', password: 'p' } });
    await scene.fire(1);
    await nats.reload(users(`${scene.prefix}.jobs.>`));
    const error = await scene.fire(1, { timeout: '2s' }).catch((reason: Error & { code?: string }) => reason);
    expect(error)
      .to.be.an('error')
      .with.property('message')
      .that.includes(`does not permit this service to publish to ${scene.prefix}.jobs.`);
    await nats.reload(users());
    await scene.fire(10);
    await scene.worker();
    await scene.settled();
    const { fired } = await scene.check();
    expect(fired).to.equal(11);
    expect(count(await scene.ledger.entries(), 'end')).to.equal(11);
  });
});

/** How often the server has refused something, as far as its log goes back; acknowledgements are as many as events. */
function refusals(nats: Nats): number {
  const lines = nats.log().split('\n');
  return lines.filter((line) => line.includes('Publish Violation') && !line.includes('$JS.ACK')).length;
}
