// One row of the bench in a process of its own: `node --expose-gc row.mjs '<options>'`; the last line printed is its result.
import { fireRow } from './rows-fire.mjs';
import { idleRow } from './rows-idle.mjs';
import { latencyRow } from './rows-latency.mjs';
import { listenRow } from './rows-listen.mjs';

const KINDS = { fire: fireRow, listen: listenRow, latency: latencyRow, idle: idleRow };

const { kind, ...options } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await KINDS[kind](options)));
