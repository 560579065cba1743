// The table of docs/evolving.md, each cell played between two versions of a service.
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Type } from 'typebox';
import { z } from 'zod';
import { Api, Event, OnError, Parameter } from '../../lib/index.js';
import { useNats } from '../support/nats.js';
import { useWorld } from '../support/worker.js';

const PAGE = new URL('../../docs/evolving.md', import.meta.url);

/** An event of one version: its parameters, and some that fit them. */
type Version = readonly [parameters: object, values: object];
const item = (schema: object, value: unknown): Version => [{ item: schema }, { item: value }];

const CHANGES: Record<string, { readonly older: Version; readonly newer: Version }[]> = {
  'add an optional property': [
    { older: item(z.object({}), {}), newer: item(z.object({ a: z.string().optional() }), { a: 'x' }) },
    {
      older: item({ type: 'array', items: { type: 'object' } }, [{}]),
      newer: item({ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } }, [{ a: 'x' }]),
    },
    { older: [{}, {}], newer: [{ a: Type.Optional(Type.String()) }, { a: 'x' }] },
  ],
  'add a required property': [
    { older: item(z.object({}), {}), newer: item(z.object({ a: z.string() }), { a: 'x' }) },
    { older: [{}, {}], newer: [{ a: Type.String() }, { a: 'x' }] },
  ],
  'add a parameter with a default': [
    { older: [{}, {}], newer: [{ a: new Parameter(Type.String(), { default: 'x' }) }, { a: 'y' }] },
    { older: [{}, {}], newer: [{ a: z.string().default('x') }, { a: 'y' }] },
  ],
  'add a property to a closed object': [
    { older: item(z.strictObject({}), {}), newer: item(z.strictObject({ a: z.string().optional() }), { a: 'x' }) },
  ],
  'remove an optional property': [
    { older: item(z.object({ a: z.string().optional() }), { a: 'x' }), newer: item(z.object({}), {}) },
  ],
  'remove a required property': [
    { older: item(z.object({ a: z.string() }), { a: 'x' }), newer: item(z.object({}), {}) },
    { older: [{ a: Type.String() }, { a: 'x' }], newer: [{}, {}] },
  ],
  'allow another value of an `enum`': [{ older: item(z.enum(['a']), 'a'), newer: item(z.enum(['a', 'b']), 'b') }],
  'allow one value less': [{ older: item(z.enum(['a', 'b']), 'b'), newer: item(z.enum(['a']), 'a') }],
  'raise `maxLength`': [
    { older: item(Type.String({ maxLength: 1 }), 'a'), newer: item(Type.String({ maxLength: 2 }), 'ab') },
  ],
  'rename a property': [
    { older: item(z.object({ a: z.string() }), { a: 'x' }), newer: item(z.object({ b: z.string() }), { b: 'x' }) },
  ],
  'change a type': [{ older: item(z.string(), '1'), newer: item(z.number(), 1) }],
};

describe('changing events', () => {
  const world = useWorld(useNats());

  /** Whether a listener of one version handles what another fires. */
  async function handles([reads]: Version, [fires, values]: Version): Promise<'yes' | 'no'> {
    const producer = world.bus({ apis: [apiOf(fires)] });
    await producer.evolving.changed.fire(values as never);
    const consumer = world.bus({ apis: [apiOf(reads)] });
    const verdict = new Promise<'yes' | 'no'>((resolve) => {
      consumer.evolving.changed.listen(() => resolve('yes'), {
        listenerName: 'reads',
        since: 'beginning',
        onError: OnError.DEAD_LETTER,
      });
      void world.log.said('kept as a dead letter').then(() => resolve('no'));
    });
    await consumer.client.startWorker();
    return verdict;
  }

  for (const [change, examples] of Object.entries(CHANGES)) {
    for (const [index, { older, newer }] of examples.entries()) {
      it(`${change} (${index + 1}): newer events to older consumers`, async () => {
        expect(await handles(older, newer)).to.equal((await readTable()).get(change)?.olderReads);
      });

      it(`${change} (${index + 1}): older events to newer consumers`, async () => {
        expect(await handles(newer, older)).to.equal((await readTable()).get(change)?.newerReads);
      });
    }
  }

  it('is described by a page that has these changes and no others, and deploys them in the order that works', async () => {
    const table = await readTable();
    expect([...table.keys()]).to.have.members(Object.keys(CHANGES));
    for (const { olderReads, newerReads, deploy } of table.values()) {
      const order = { 'yes yes': 'in any order', 'yes no': 'producers first', 'no yes': 'consumers first' };
      const expected = order[`${olderReads} ${newerReads}` as keyof typeof order] ?? /^as /;
      expect(deploy).to.match(new RegExp(expected));
    }
  });
});

function apiOf(parameters: object) {
  return class EvolvingApi extends Api {
    static meta = { name: 'evolving' } as const;
    changed = new Event({ parameters: parameters as Record<string, never> });
  };
}

interface Row {
  readonly olderReads: string;
  readonly newerReads: string;
  readonly deploy: string;
}

async function readTable(): Promise<Map<string, Row>> {
  const rows = (await readFile(PAGE, 'utf8')).split('\n').filter((line) => /^\| [a-z].* (yes|no) \|/.test(line));
  return new Map(
    rows.map((row) => {
      const [, change = '', olderReads = '', newerReads = '', deploy = ''] = row.split('|').map((cell) => cell.trim());
      return [change, { olderReads, newerReads, deploy }];
    }),
  );
}
