import { Writable } from 'node:stream';
import { expect } from 'chai';
import { pino } from 'pino';
import sinon from 'sinon';
import winston from 'winston';
import { adaptLogger } from '../../lib/adapt-logger.js';
import { create } from '../../lib/index.js';
import { guardLogger, type Logger } from '../../lib/logger.js';

const MESSAGE = 'Gave %s up: 100%';
const fields = () => ({
  event: 'auth.user_created',
  message: 'of the field',
  level: 'of the field',
  err: new RangeError('broken'),
});

describe('Loggers that users have', () => {
  afterEach(() => sinon.restore());

  function collect() {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    return { lines, stream };
  }

  it('pino: level, message, fields and the stack of the error', () => {
    const { lines, stream } = collect();
    const logger = adaptLogger(pino({ level: 'debug' }, stream));
    logger.debug({}, 'quiet');
    logger.error({ event: 'auth.user_created', err: new RangeError('broken') }, MESSAGE);
    const entry = JSON.parse(lines[1] ?? '');
    expect(entry).to.include({ level: 50, msg: MESSAGE, event: 'auth.user_created' });
    expect(entry.err).to.include({ type: 'RangeError', message: 'broken' });
    expect(entry.err.stack).to.include('adapt-logger.test');
  });

  it('winston, and a child of it: the same', () => {
    const { lines, stream } = collect();
    const parent = winston.createLogger({
      level: 'debug',
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream })],
    });
    for (const given of [parent, parent.child({ service: 'x' })]) {
      const logger = adaptLogger(given);
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](fields(), MESSAGE);
      const entries = lines.splice(0).map((line) => JSON.parse(line));
      expect(entries.map(({ level }) => level)).to.deep.equal(['debug', 'info', 'warn', 'error']);
      for (const entry of entries) {
        expect(entry).to.include({ message: MESSAGE, event: 'auth.user_created' });
        expect(entry.err).to.include({ name: 'RangeError', message: 'broken' });
        expect(entry.err.stack).to.include('adapt-logger.test');
      }
    }
  });

  it('winston as a person reads it: the message is there', () => {
    const { lines, stream } = collect();
    const format = winston.format.simple();
    adaptLogger(winston.createLogger({ format, transports: [new winston.transports.Stream({ stream })] })).warn(
      { stream: 'lightbus-auth' },
      'Trouble',
    );
    expect(lines.join('')).to.match(/^warn: Trouble \{"stream":"lightbus-auth"\}/);
  });

  it('the console: a line with the message first, its methods by level', () => {
    const stubs = (['debug', 'info', 'warn', 'error'] as const).map(
      (level) => [level, sinon.stub(console, level)] as const,
    );
    const logger = adaptLogger(console);
    for (const [level, stub] of stubs) {
      logger[level]({ event: 'auth.\u009buser', err: new RangeError('broken') }, MESSAGE);
      const [format, text] = stub.firstCall.args as [string, string];
      expect(format).to.equal('%s');
      expect(text).to.match(/^\d\d:\d\d:\d\d \w+ +Gave %s up: 100% event="auth\.\ufffduser"\n {2}RangeError: broken\n/);
    }
  });

  it('anything of the shape of pino is called as it is', () => {
    const spies = { debug: sinon.spy(), info: sinon.spy(), warn: sinon.spy(), error: sinon.spy() };
    adaptLogger(spies as unknown as Logger).warn({ a: 1 }, 'b');
    expect(spies.warn.firstCall.args).to.deep.equal([{ a: 1 }, 'b']);
  });

  it('whatever is logged, none of them throws', () => {
    sinon.stub(console, 'error');
    const { stream } = collect();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const hostile = {
      get message(): string {
        throw new Error('no');
      },
    };
    for (const given of [
      console,
      pino(stream),
      winston.createLogger({ transports: [new winston.transports.Stream({ stream })] }),
    ]) {
      const logger = guardLogger(adaptLogger(given));
      for (const err of [cycle, hostile, null, undefined, 10n, Symbol('s')]) logger.error({ err, cycle }, 'strange');
    }
  });

  it('are told apart by create()', async () => {
    const { lines, stream } = collect();
    const logger = winston.createLogger({
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream })],
    });
    const bus = create({ serviceName: 'one', config: { serviceName: 'two' }, logger });
    await (bus.client as unknown as { '~lightbus': { config(): Promise<unknown> } })['~lightbus'].config();
    expect(JSON.parse(lines[0] ?? '').message).to.include('The service is called "one" by create()');
  });
});
