import { expect } from 'chai';
import { ValidationError } from '../../lib/errors.js';
import { createLogger, describeError, describeForReading, type LogLevel } from '../../lib/logger.js';

/** A logger whose level may change, and the lines that it wrote. */
function logging(options: { level?: LogLevel; isTTY?: boolean } = {}) {
  const state = { level: options.level ?? ('info' as LogLevel) };
  const lines: string[] = [];
  const logger = createLogger({
    level: () => state.level,
    target: { write: (text) => lines.push(text), isTTY: options.isTTY ?? false },
  });
  return { logger, lines, state };
}

/** Something that fights back when it is looked at. */
const HOSTILE = {
  get name(): string {
    throw new TypeError('no name');
  },
  get message(): string {
    throw new RangeError('no message');
  },
  get stack(): string {
    throw null;
  },
};

describe('the logger', () => {
  it('writes one line of JSON an entry, with level, time, message and fields', () => {
    const { logger, lines } = logging();
    logger.info({ stream: 'lightbus-auth', count: 3 }, 'Created\nthe stream');

    expect(lines).to.have.length(1);
    expect(lines[0]?.indexOf('\n')).to.equal((lines[0]?.length ?? 0) - 1);
    const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(rest).to.deep.equal({ level: 'info', msg: 'Created\nthe stream', stream: 'lightbus-auth', count: 3 });
    expect(new Date(String(time)).toISOString()).to.equal(time);
  });

  it('writes nothing that a terminal or an editor would act upon, as JSON and as text', () => {
    const bad = '\u009b2J\u001b[31m\u202etxt\u2066\u2028\u200f\u{e0041}';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
    const acted = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0041}]/u;
    for (const isTTY of [false, true]) {
      const { logger, lines } = logging({ isTTY });
      logger.error({ [bad]: bad, err: new Error(bad) }, `a${bad}b`);
      expect(lines[0]?.trimEnd()).not.to.match(acted);
      if (!isTTY) expect(JSON.parse(lines[0] ?? '')).to.include({ msg: `a${bad}b`, [bad]: bad });
    }
  });

  it('writes errors with name, message and stack, wherever they are', () => {
    const { logger, lines } = logging();
    logger.error({ err: new TypeError('broken'), causes: [new Error('deep')] }, 'A handler failed');

    const entry = JSON.parse(lines[0] ?? '') as { err: Error; causes: Error[] };
    expect(entry.err).to.include({ name: 'TypeError', message: 'broken' });
    expect(entry.err.stack).to.include('logger.test');
    expect(entry.causes[0]?.message).to.equal('deep');
  });

  it('writes what is at its level or above, whatever the level is at that moment', () => {
    const { logger, lines, state } = logging({ level: 'warn' });
    const all = () => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, level);
      return lines.splice(0).map((line) => JSON.parse(line).msg);
    };
    expect(all()).to.deep.equal(['warn', 'error']);
    state.level = 'debug';
    expect(all()).to.deep.equal(['debug', 'info', 'warn', 'error']);
    state.level = 'silent';
    expect(all()).to.deep.equal([]);
  });

  it('never throws, whatever it is given', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const isTTY of [false, true]) {
      const { logger, lines } = logging({ isTTY });
      for (const value of [cycle, proxy, 10n, HOSTILE, Symbol('s'), null, undefined, () => 1, Object.create(null)]) {
        logger.error({ err: value, value } as object, 'strange');
      }
      expect(lines).to.have.length(9);
      for (const line of lines) expect(line).to.include(isTTY ? 'ERROR strange' : '"msg":"strange"');
    }
  });

  it('writes no stack of an error of ours that leads nowhere but into packages', () => {
    const error = new ValidationError('username is 7', { issues: [] });
    error.stack = 'ValidationError: username is 7\n    at check (/app/node_modules/lightbus-jetstream/dist/a.cjs:1:1)';
    expect(describeForReading(error).stack).to.equal('ValidationError: username is 7');
    error.stack += '\n    at signUp (/app/sign-up.ts:3:7)';
    expect(describeForReading(error).stack).to.match(/a\.cjs:1:1\)\n +at signUp/);
  });

  it('writes for people where people read, the stack on lines of its own', () => {
    const { logger, lines } = logging({ isTTY: true });
    logger.warn({ stream: 'lightbus-auth', err: new Error('broken') }, 'Trouble');

    expect(lines[0]).to.match(/^\d\d:\d\d:\d\d WARN {2}Trouble stream="lightbus-auth"\n {2}Error: broken\n {6}at /);
    logger.info({}, 'Plain');
    expect(lines[1]).to.match(/^\d\d:\d\d:\d\d INFO {2}Plain\n$/);
  });
});

describe('what is said of an error', () => {
  it('is name, message and stack', () => {
    const error = new TypeError('broken');
    expect(describeError(error)).to.deep.equal({ name: 'TypeError', message: 'broken', stack: error.stack });
  });

  it('is something useful of whatever else was thrown', () => {
    const cases: readonly (readonly [unknown, { name: string; message: string }])[] = [
      ['broken', { name: 'string', message: 'broken' }],
      [undefined, { name: 'undefined', message: 'undefined' }],
      [null, { name: 'object', message: 'null' }],
      [7, { name: 'number', message: '7' }],
      [{ code: 1 }, { name: 'object', message: '{"code":1}' }],
      [
        { name: 'Odd', message: 'shape' },
        { name: 'Odd', message: 'shape' },
      ],
      [Symbol('s'), { name: 'symbol', message: 'Symbol(s)' }],
    ];
    for (const [thrown, said] of cases) expect(describeError(thrown), said.message).to.include(said);
  });

  it('is said even of one that throws when it is read', () => {
    const said = describeError(HOSTILE);
    expect(said.name).to.equal("(reading the error's name threw TypeError)");
    expect(said.message).to.equal("(reading the error's message threw RangeError)");
    expect(said.stack).to.be.a('string');
  });

  it('is said of revoked proxies and errors whose message is not text', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(describeError(proxy).message).to.be.a('string');
    expect(describeError(Object.assign(new Error('x'), { message: { not: 'text' } })).message).to.equal('');
  });
});
