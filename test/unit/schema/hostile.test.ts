// What a schema and a value that were made to harm may cost: a time that grows with their size, and no more.
import { expect } from 'chai';
import { InvalidConfiguration, ValidationError } from '../../../lib/errors.js';
import { areUnique, isMultiple } from '../../../lib/schema/keywords.js';
import { linearPattern } from '../../../lib/schema/patterns.js';
import { contractOf, contractOfAll, exportOfAll } from './support.js';

const MEGABYTE = 1_000_000;

describe('A value that was made to block the process', () => {
  // Each of these takes from seconds to years where a regular expression backtracks or a list is compared pair by pair.
  const pairs: Record<string, [schema: object, value: unknown]> = {
    'nested repetition': [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(MEGABYTE)}!`],
    'repeated alternatives': [{ type: 'string', pattern: '^(a|a)*$' }, `${'a'.repeat(MEGABYTE)}!`],
    'three lists in a row': [{ type: 'string', pattern: '^a*a*a*$' }, `${'a'.repeat(MEGABYTE)}!`],
    'a search for the end': [{ type: 'string', pattern: '\\s+$' }, `${' '.repeat(MEGABYTE)}!`],
    'names that match a pattern': [
      { type: 'object', patternProperties: { '^(a+)+$': {} }, additionalProperties: false },
      { [`${'a'.repeat(MEGABYTE)}!`]: 1 },
    ],
    'a lookahead': [{ type: 'string', pattern: '^(?=(a+)+$)' }, `${'a'.repeat(MEGABYTE)}!`],
    'a reference to a group': [{ type: 'string', pattern: '^(a+)+\\1$' }, `${'a'.repeat(MEGABYTE)}!`],
    'many texts for a pattern that cannot be linear': [
      { type: 'array', items: { type: 'string', pattern: '^(a+)+\\1$' } },
      Array(30_000).fill(`${'a'.repeat(30)}!`),
    ],
    'a format': [{ type: 'string', format: 'url' }, `http://[${'::1'.repeat(MEGABYTE / 3)}!`],
    'equal items': [
      { type: 'array', uniqueItems: true },
      [...Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x'.repeat(20) })), { n: 0, text: 'x'.repeat(20) }],
    ],
    'broken rules': [{ type: 'array', items: { type: 'string', maxLength: 0 } }, Array(200_000).fill('x')],
    'alternatives that refer to themselves': [
      {
        $defs: {
          node: {
            anyOf: [
              { properties: { next: { $ref: '#/$defs/node' } }, required: ['a'] },
              { properties: { next: { $ref: '#/$defs/node' } }, required: ['b'] },
            ],
          },
        },
        $ref: '#/$defs/node',
      },
      nested(60),
    ],
  };
  for (const [name, [schema, value]] of Object.entries(pairs)) {
    it(`is refused: ${name}`, () => {
      const contract = contractOf(schema);
      expect(() => contract.validateReceived({ value })).to.throw(ValidationError);
    });
  }

  it('is taken, however many of its texts have to match a password rule', () => {
    const contract = contractOf({ items: { type: 'string', pattern: '^(?=.*\\d)(?=.*[a-z])(?!.* ).{8,}$' } });
    contract.validateReceived({ value: Array(50_000).fill('abcdefg123') });
    expect(() => contract.validateReceived({ value: ['abcdefgh'] })).to.throw(ValidationError);
    expect(() => contract.validateReceived({ value: ['abc defg1'] })).to.throw(ValidationError);
  });

  it('has the whole time for each message', () => {
    const contract = contractOf({ type: 'string', pattern: '^(a+)+\\1$' });
    expect(() => contract.validateReceived({ value: `${'a'.repeat(40)}!` })).to.throw(ValidationError);
    contract.validateReceived({ value: 'aaaa' });
  });

  it('takes no more steps than its size allows, and a large one may take many', () => {
    const item = { anyOf: [{ const: 'no' }, { $ref: '#/$defs/number' }] };
    const contract = contractOf({ $defs: { item, number: { type: 'number' } }, items: { $ref: '#/$defs/item' } });
    contract.validateReceived({ value: Array.from({ length: 100_000 }, (_, n) => n) });
  });

  function nested(depth: number): object {
    return depth === 0 ? {} : { next: nested(depth - 1) };
  }
});

describe('A schema that cannot be used', () => {
  const circular: Record<string, unknown> = { type: 'object' };
  circular.properties = { self: circular };
  const deep = (depth: number): object => (depth === 0 ? {} : { not: deep(depth - 1) });
  const cases: Record<string, [schema: unknown, says: RegExp]> = {
    'a type that does not exist': [{ type: 'strong' }, /at \/type of its schema: "strong".*string/],
    'a keyword of the wrong type': [
      { type: 'object', properties: { a: { minimum: 'x' } } },
      /\/properties\/a\/minimum/,
    ],
    'a boolean `required`': [{ type: 'object', required: true }, /\/required/],
    'a pattern that is none': [{ type: 'string', pattern: '(' }, /\/pattern of its schema: "\(" is not a regular/],
    'a reference that leads nowhere': [{ $ref: '#/$defs/missing' }, /"#\/\$defs\/missing" leads nowhere/],
    'a reference to a place on the web': [
      { $ref: 'https://example.com/x.json' },
      /leads out of the schema; put .* \$defs/,
    ],
    'a reference to itself': [{ $ref: '#' }, /leads back to itself/],
    'a circle of references': [
      { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' },
      /back to itself/,
    ],
    'two schemas of one $id': [
      { $defs: { a: { $id: 'x', type: 'string' }, b: { $id: 'x' } } },
      /two different schemas are called "x"/,
    ],
    'an object that holds itself': [circular, /at \/properties\/self of its schema: the object holds itself/],
    'a bigint': [{ const: 1n }, /bigint/],
    NaN: [{ minimum: Number.NaN }, /NaN cannot be written as JSON/],
    'a getter that throws': [
      {
        get type(): string {
          throw new Error('no type today');
        },
      },
      /the getter "type" threw: no type today/,
    ],
    'nesting without end': [deep(300), /nested more than 250 levels/],
    'ten megabytes': [
      { enum: Array.from({ length: 300_000 }, (_, n) => `value number ${n} of many`) },
      /more than 200000 values/,
    ],
  };
  for (const [name, [schema, says]] of Object.entries(cases)) {
    it(`is refused with its place and a reason: ${name}`, () => {
      expect(() => contractOf(schema))
        .to.throw(InvalidConfiguration, says)
        .with.property('message')
        .that.matches(/^API "one", event "happened", parameter "value"/)
        .and.has.length.below(400);
    });
  }
});

describe('Many schemas', () => {
  it('of ten thousand definitions, a few of them used, are one quick contract', () => {
    const $defs = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`d${n}`, { const: n }]));
    const contract = contractOf({ $defs, anyOf: [{ $ref: '#/$defs/d1' }, { $ref: '#/$defs/d9999' }] });
    contract.validateReceived({ value: 9999 });
    expect(() => contract.validateReceived({ value: 2 })).to.throw(ValidationError);
  });

  it('may be one schema in several parameters, and different ones under one name', () => {
    const user = { $id: 'user', type: 'object', properties: { friend: { $ref: 'user' } } };
    const other = { $defs: { user: { type: 'number' } }, $ref: '#/$defs/user' };
    const contract = contractOfAll({ a: user, b: user, c: other });
    contract.validateReceived({ a: { friend: {} }, b: { friend: { friend: {} } }, c: 1 });
    for (const wrong of [{ a: { friend: 1 } }, { b: { friend: 1 } }, { c: 'x' }]) {
      expect(() => contract.validateReceived({ a: {}, b: {}, c: 1, ...wrong })).to.throw(ValidationError);
    }
    expect(exportOfAll({ a: user, b: user, c: other }).definitions).to.have.all.keys('user', 'c_user');
  });
});

describe('Numbers and lists', () => {
  it('are multiples as their digits say', () => {
    for (const [value, divisor] of [
      [19.99, 0.01],
      [0.3, 0.1],
      [1e300, 1e-10],
      [-4.2, 0.6],
      [9e15, 3],
    ] as const) {
      expect(isMultiple(value, divisor), `${value} of ${divisor}`).to.equal(true);
    }
    for (const [value, divisor] of [
      [19.999, 0.01],
      [0.35, 0.1],
      [7, 2],
    ] as const) {
      expect(isMultiple(value, divisor), `${value} of ${divisor}`).to.equal(false);
    }
  });

  it('are unique whatever the order of their keys', () => {
    expect(
      areUnique([
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).to.equal(false);
    expect(areUnique([1, '1', null, 'null', true, [1], { 0: 1 }])).to.equal(true);
  });
});

describe('A pattern', () => {
  it('means what it means in JavaScript', () => {
    const texts = ['', 'a', 'ab', 'a-b', 'é', '\u00a0', '\u2028', '\n', '😀', '_', '.', 'A1', ']', '[', '\\', 'Q', 'z'];
    const patterns = [
      '^.$',
      '^\\s$',
      '^\\S$',
      '\\w',
      '^[\\w-.]+$',
      'a\\-b',
      '[^]',
      '[]',
      '^[[a]+$',
      '\\Q',
      '\\z',
      '^\\p{L}$',
      '(?<n>a)b',
      '\\u00e9',
      '[\\s_]',
      '[\\S]',
      '^(?!a)',
      '^(?=a)(?!ab$)',
      '^(?=a|_)(?=.)[a_]|z',
      '^(?=[)a])a',
      '^(?=(?:a|A)\\w?)A?',
      '^(?=\\[)',
      '^(?!a)(?<=)b?',
      '^(?=(a))\\1',
      '\\bb',
      '^$',
    ];
    for (const pattern of patterns) {
      const native = attempt(() => new RegExp(pattern, 'u')) ?? new RegExp(pattern);
      for (const text of texts) {
        expect(linearPattern(pattern).test(text), `${pattern} on ${JSON.stringify(text)}`).to.equal(native.test(text));
      }
    }
  });

  function attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch {
      return undefined;
    }
  }
});
