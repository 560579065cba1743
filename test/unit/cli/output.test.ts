import { expect } from 'chai';
import { renderListeners } from '../../../lib/cli/listener-table.js';
import { renderError } from '../../../lib/cli/report.js';
import { InvalidConfiguration } from '../../../lib/errors.js';

const LISTENERS = [
  {
    listenerName: 'greet',
    apiNames: ['auth'],
    events: ['auth.user_created', 'auth.user_deleted'],
    durables: ['x--greet--user_created', 'x--greet--user_deleted'],
  },
  { listenerName: 'audit', apiNames: ['my.orders'], events: ['my.orders.*'], durables: ['x--audit'] },
];

describe('Who listens to what', () => {
  it('is a table for people', () => {
    expect(renderListeners(LISTENERS, { isTerminal: true })).to.equal(
      [
        'LISTENER  EVENT              DURABLE',
        'greet     auth.user_created  x--greet--user_created',
        '          auth.user_deleted  x--greet--user_deleted',
        'audit     my.orders.*        x--audit',
        '',
      ].join('\n'),
    );
  });

  it('is a block for each line of the table where the terminal is too narrow for it', () => {
    expect(renderListeners(LISTENERS, { isTerminal: true, columns: 40 })).to.equal(
      [
        'LISTENER  greet',
        'EVENT     auth.user_created',
        'DURABLE   x--greet--user_created',
        '',
        'EVENT    auth.user_deleted',
        'DURABLE  x--greet--user_deleted',
        '',
        'LISTENER  audit',
        'EVENT     my.orders.*',
        'DURABLE   x--audit',
        '',
        '',
      ].join('\n'),
    );
    expect(renderListeners(LISTENERS, { isTerminal: true, columns: 51 })).to.match(/^LISTENER {2}EVENT/);
  });

  it('is a line of JSON per listener for programs', () => {
    const lines = renderListeners(LISTENERS, { isTerminal: false }).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).to.deep.equal(LISTENERS);
  });
});

describe('Errors', () => {
  const cause = new RangeError('too far');

  it('of ours show message and code, with the stack of what caused them and not their own', () => {
    const text = renderError(new InvalidConfiguration('Do this', { cause }));
    expect(text).to.match(
      /^error: Do this \[InvalidConfiguration\]\n {2}cause: RangeError: too far\n +at .*output\.test/,
    );
    expect(text).not.to.include('InvalidConfiguration: Do this');
  });

  it('of ours show of their cause what leads to the user, and no stack that does not', () => {
    const packages =
      '    at parse (/app/node_modules/nats/lib/parser.js:1:1)\n    at node:internal/process/task_queues:95:5';
    const caused = (stack: string, message = 'Do this') =>
      renderError(
        new InvalidConfiguration(message, { cause: Object.assign(new Error('too far'), { stack, code: 'EFAR' }) }),
      );
    expect(caused(`Error: too far\n    at load (/app/bus.ts:3:7)\n${packages}`)).to.equal(
      "error: Do this [InvalidConfiguration]\n  cause: Error: too far\n      at load (/app/bus.ts:3:7) {\n    code: 'EFAR'\n  }\n",
    );
    expect(caused(`Error: too far\n${packages}`)).to.equal(
      'error: Do this [InvalidConfiguration]\n  cause: Error: too far\n',
    );
    expect(caused(`Error: too far\n${packages}`, 'It is too far; do this')).to.equal(
      'error: It is too far; do this [InvalidConfiguration]\n',
    );
    const ours = new InvalidConfiguration('no such option');
    expect(
      renderError(new InvalidConfiguration('bus.ts threw: no such option (at bus.ts:3:7)', { cause: ours })),
    ).to.equal('error: bus.ts threw: no such option (at bus.ts:3:7) [InvalidConfiguration]\n');
  });

  it('of ours show their own stack for debugging', () => {
    expect(renderError(new InvalidConfiguration('Do this'), { stacks: true })).to.match(
      /InvalidConfiguration: Do this\n +at /,
    );
  });

  it("of the user's show their stack", () => {
    expect(renderError(cause)).to.match(/^error: RangeError: too far\n +at /);
  });

  it('may be anything, even what cannot be printed', () => {
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error('no');
      },
    };
    for (const thrown of [undefined, null, 'text', { some: 'object' }, hostile])
      expect(renderError(thrown)).to.match(/^error: ./);
  });

  it('show no password', () => {
    const text = renderError(
      new Error('cannot reach postgres://me:hunter2@db/x (see file:///a/node_modules/@acme/x.js)'),
    );
    expect(text)
      .to.include('postgres://***@db/x')
      .and.include('file:///a/node_modules/@acme/x.js')
      .and.not.include('hunter2');
  });
});
