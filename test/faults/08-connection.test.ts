// A connection that is cut, goes silent, or is slow loses nothing: the bus notices, connects again, and goes on.
// Acknowledgements that never arrive cost another run.
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { openProxy } from './support/proxy.js';
import { FULL, scale } from './support/scale.js';
import { listener, openScene } from './support/scene.js';

const HALF_OPEN_MS = scale(3, 30) * 1000;

describe('a connection', function () {
  this.timeout('4m');
  const nats = useNats();
  const events = scale(200, 2000);
  const work = Array(events).fill({ does: 'wait 5' });
  const listeners = [listener({ concurrency: 4 })];

  it('cut again and again loses nothing, fired or handled', async () => {
    await using proxy = await openProxy(nats);
    await using scene = await openScene(nats, { producerUrl: proxy.url });
    await scene.worker({ listeners, url: proxy.url });
    const firing = scene.fire(work, { atOnce: 8 });
    for (const part of [1, 2, 3, 4]) {
      await scene.ledger.until((entries) => count(entries, 'end') >= (events * part) / 5);
      proxy.cut();
    }
    await firing;
    await scene.settled();
    await scene.check({ twice: 'any' });
  });

  it('half-open, its bytes swallowed: what was held goes on after it was noticed', async () => {
    await using proxy = await openProxy(nats);
    await using scene = await openScene(nats, { producerUrl: proxy.url });
    await scene.worker({ listeners, url: proxy.url });
    const firing = scene.fire(work, { atOnce: 8 });
    await scene.ledger.until((entries) => count(entries, 'end') >= events / 4);
    proxy.weather = 'swallow';
    await new Promise((resolve) => setTimeout(resolve, HALF_OPEN_MS));
    proxy.weather = 'fair';
    // In full the bus has to notice by itself; that takes half a minute of missing pongs.
    if (!FULL) proxy.cut();
    await firing;
    await scene.settled();
    await scene.check({ twice: 'any', overlapping: 'any' });
  });

  it('of 50 kB a second carries everything, once', async () => {
    await using proxy = await openProxy(nats);
    await using scene = await openScene(nats, { producerUrl: proxy.url });
    await scene.worker({ listeners: [listener({ acknowledgementTimeout: '5s' })], url: proxy.url });
    proxy.bytesPerSecond = 50_000;
    await scene.fire(scale(150, 2000), { atOnce: 8 });
    await scene.settled();
    await scene.check();
  });

  it('that swallows acknowledgements alone: the events come again until one arrives', async () => {
    await using proxy = await openProxy(nats);
    await using scene = await openScene(nats);
    proxy.weather = 'swallow-acks';
    await scene.worker({ listeners: [listener({ acknowledgementTimeout: '1s' })], url: proxy.url });
    await scene.fire(20);
    await scene.ledger.until((entries) => count(entries, 'end') >= 40);
    proxy.weather = 'fair';
    await scene.settled();
    const { twice } = await scene.check({ twice: 'any' });
    expect(twice).to.have.lengthOf(20);
    expect(proxy.swallowedAcks).to.be.at.least(20);
  });
});
