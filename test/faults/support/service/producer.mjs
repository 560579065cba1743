// Fires events with given ids, for as many processes as are started: prints what became of each, one JSON object a line.
import { Api, create, Event } from 'lightbus-jetstream';

class JobsApi extends Api {
  static meta = { name: 'jobs' };
  added = new Event({ parameters: ['n', 'does'] });
  removed = new Event({ parameters: ['n', 'does'] });
}

const { url, prefix, ids, atOnce } = JSON.parse(process.argv[2] ?? '{}');
const bus = create({ serviceName: 'producer', apis: [JobsApi], config: { prefix }, nats: { servers: url } });
const queue = ids.map((id, n) => [id, n]);

async function next() {
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const [id, n] = entry;
    for (const event of ['added', 'removed']) {
      const { duplicate } = await bus.jobs[event].fire({ n, does: '' }, { id });
      process.stdout.write(`${JSON.stringify({ id, n, event, duplicate })}\n`);
    }
  }
}

await Promise.all(Array.from({ length: atOnce }, next));
await bus.client.close();
