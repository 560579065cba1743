// Of events that are fired with one id by two processes at once, one is stored and handled, and each process is told
// whether it was its own; another event with the same id is another event.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { useNats } from '../support/nats.js';
import { count } from './support/ledger.js';
import { scale } from './support/scale.js';
import { listener, openScene, type Scene } from './support/scene.js';

const PRODUCER = fileURLToPath(new URL('./support/service/producer.mjs', import.meta.url));
const run = promisify(execFile);

interface Fired {
  readonly id: string;
  readonly n: number;
  readonly event: string;
  readonly duplicate: boolean;
}

describe('events fired with one id by two processes', function () {
  this.timeout('2m');
  const nats = useNats();
  const ids = Array.from({ length: scale(200, 5000) }, (_, n) => `order-${n}`);

  async function fireAll(scene: Scene): Promise<Fired[]> {
    const given = JSON.stringify({ url: nats.url, prefix: scene.prefix, ids, atOnce: 16 });
    const { stdout } = await run(process.execPath, [PRODUCER, given], { maxBuffer: 2 ** 26 });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Fired);
  }

  it('are stored once and handled once', async () => {
    await using scene = await openScene(nats);
    const events = ['added', 'removed'] as const;
    await scene.worker({
      listeners: events.map((event) => listener({ listenerName: event, events: [event], concurrency: 8 })),
    });
    const fired = await Promise.all([fireAll(scene), fireAll(scene)]);
    for (const each of fired[0]) scene.ledger.fired(each);
    await scene.settled();
    for (const event of events) await scene.check({ listener: event, events: [event] });

    const firsts = fired.flat().filter(({ duplicate }) => !duplicate);
    expect(fired.flat()).to.have.length(4 * ids.length);
    expect(firsts).to.have.length(2 * ids.length);
    expect(new Set(firsts.map(({ id, event }) => `${event} ${id}`)).size).to.equal(2 * ids.length);
    expect((await scene.server.manager.streams.info(scene.stream)).state.messages).to.equal(2 * ids.length);
    expect(count(await scene.ledger.entries(), 'end')).to.equal(2 * ids.length);
  });
});
