import { expect } from 'chai';
import { type Duration, toMilliseconds } from '../../lib/duration.js';
import { InvalidConfiguration } from '../../lib/errors.js';

describe('a duration', () => {
  it('is a string with a unit, or a number of seconds', () => {
    const cases: readonly (readonly [Duration, number])[] = [
      ['500ms', 500],
      ['30s', 30_000],
      ['2m', 120_000],
      ['1h', 3_600_000],
      ['7d', 604_800_000],
      ['1.5s', 1500],
      ['0s', 0],
      ['5000s', 5_000_000],
      [0, 0],
      [0.25, 250],
      [60, 60_000],
      [999, 999_000],
    ];
    for (const [given, milliseconds] of cases) expect(toMilliseconds(given, 'x'), `${given}`).to.equal(milliseconds);
  });

  it('is not a bare number of 1000 or more, for milliseconds are probably meant', () => {
    expect(() => toMilliseconds(5000, 'apis.auth.eventFireTimeout')).to.throw(
      InvalidConfiguration,
      "apis.auth.eventFireTimeout: 5000 is a number of seconds; if milliseconds are meant, write '5000ms', else '5000s'",
    );
    expect(() => toMilliseconds(1000, 'x')).to.throw(InvalidConfiguration, "'1000ms'");
    expect(() => toMilliseconds(Number.POSITIVE_INFINITY, 'x')).to.throw(InvalidConfiguration);
  });

  it('is nothing else, and the error says what it may be', () => {
    const others = [
      '',
      '30',
      's',
      '30 s',
      '-1s',
      '1e3s',
      '30S',
      '1m30s',
      'soon',
      `${'9'.repeat(400)}d`,
      -1,
      Number.NaN,
    ];
    for (const other of [...others, null, undefined, {}, [], true, 10n]) {
      expect(() => toMilliseconds(other as Duration, 'timeout'), String(other)).to.throw(
        InvalidConfiguration,
        /^timeout: .* is not a duration; give a string with a unit \('500ms', '30s', '2m', '7d'\) or a number of seconds below 1000$/,
      );
    }
  });
});
