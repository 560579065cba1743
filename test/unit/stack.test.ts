import { expect } from 'chai';
import { createLogger } from '../../lib/logger.js';
import { leadsToUser, withoutCallers } from '../../lib/stack.js';

const USER = '    at handler (/app/orders/bus.ts:4:48)';
const LIBRARY = '    at Client.query (/app/node_modules/.pnpm/pg@8/node_modules/pg/lib/client.js:1:2)';
const CALLERS = [
  '    at EventRunner.start (/app/node_modules/lightbus-jetstream/dist/chunk-AAAAAAAA.cjs:5282:45)',
  '    at ProtocolHandler.push (C:\\app\\node_modules\\nats\\lib\\protocol.js:722:22)',
  '    at Generator.next (<anonymous>)',
  '    at async Promise.allSettled (index 0)',
  '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
].join('\n');

describe('what is kept of a stack', () => {
  it("ends with the user's own frames, and has what they called", () => {
    expect(withoutCallers(`Error: no\nsecond line\n${LIBRARY}\n${USER}\n${CALLERS}`)).to.equal(
      `Error: no\nsecond line\n${LIBRARY}\n${USER}`,
    );
    expect(withoutCallers(`Error: no\n    at file:///app/bus.mjs:3:1\n${CALLERS}`)).to.equal(
      'Error: no\n    at file:///app/bus.mjs:3:1',
    );
  });

  it('is all of one that leads to no code of the user', () => {
    for (const text of [`Error: no\n${LIBRARY}\n${CALLERS}`, 'Error: no', '']) {
      expect(withoutCallers(text)).to.equal(text);
      expect(leadsToUser(text)).to.equal(false);
    }
  });

  it('is cut in causes too, whose other properties stay', () => {
    const text = `Error: a\n${USER}\n${CALLERS} {\n  code: 'E',\n  [cause]: Error: b\n  ${USER}\n${CALLERS}\n}`;
    expect(withoutCallers(text)).to.equal(`Error: a\n${USER} {\n  code: 'E',\n  [cause]: Error: b\n  ${USER}\n}`);
    expect(leadsToUser(text)).to.equal(true);
  });

  it('is what the log shows of an error, for programs and for people', () => {
    const err = Object.assign(new Error('no'), { stack: `Error: no\n${USER}\n${CALLERS}` });
    for (const isTTY of [false, true]) {
      let written = '';
      const target = { isTTY, write: (text: string) => (written += text) };
      createLogger({ level: () => 'info', target }).error({ err }, 'Failed');
      expect(written).to.include('orders/bus.ts').and.not.include('node_modules');
    }
  });
});
