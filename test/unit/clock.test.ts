import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Clock, systemClock } from '../../lib/clock.js';
import { ListenerLoop } from '../../lib/delivery/scheduling/loop.js';
import { recordLog } from '../support/bus.js';
import { delivery, FakeSource } from './delivery/listener-setup.js';

const LIB = fileURLToPath(new URL('../../lib', import.meta.url));
const PAST_THE_CLOCK =
  /(?<![\w.])(?:setTimeout|setInterval|clearTimeout|clearInterval)\(|performance\.now\(|Date\.now\(|new Date\(\)/;

describe('The clock', () => {
  it('is the only source of time and timers in delivery/ and bus/', () => {
    const files = ['delivery', 'bus'].flatMap((folder) =>
      readdirSync(join(LIB, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(LIB, folder, file)),
    );
    expect(files.length).to.be.above(40);
    const isComment = (line: string) => /^\s*(?:\*|\/\/|\/\*)/.test(line);
    const found = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => PAST_THE_CLOCK.test(line) && !isComment(line))
        .map((line) => `${file.slice(LIB.length)}: ${line.trim()}`),
    );
    expect(found).to.deep.equal([]);
  });

  it('decides when a lease is due, whatever the system says', () => {
    let now = 0;
    const ticks: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      now: () => now,
      date: () => now,
      setInterval: (act) => {
        ticks.push(act);
        return { unref: () => undefined } as unknown as NodeJS.Timeout;
      },
      clearInterval: () => undefined,
    };
    const loop = new ListenerLoop({
      clock,
      name: 'listener',
      concurrency: 1,
      byKey: false,
      suspicionOf: () => 'none',
      logger: recordLog(),
      runner: { start: () => undefined },
      failed: () => undefined,
    });
    const source = new FakeSource('lightbus-shop', 6000);
    loop.changed(source);
    const runs = delivery(1);
    loop.deliver(runs, source);
    for (now = 1000; now <= 2000; now += 1000) for (const tick of ticks) tick();
    expect(runs.told).to.deep.equal(['working']);
  });
});
