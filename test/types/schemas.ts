// biome-ignore-all lint/suspicious/noExplicitAny: parameters given by name alone are `any` on purpose
// The types that schemas give to parameters. Compiled, never run.
import { expectTypeOf } from 'expect-type';
import { type Static, type TSchema, Type } from 'typebox';
import { z } from 'zod';
import { Event, type EventShape, type FiredParameters, type ReceivedParameters } from '../../lib/definition/event.js';
import type { Infer } from '../../lib/definition/infer.js';
import { Parameter } from '../../lib/definition/parameter.js';

type Fired<E> = E extends EventShape<infer P> ? FiredParameters<P> : never;
type Received<E> = E extends EventShape<infer P> ? ReceivedParameters<P> : never;

// TypeBox: the same as its own Static.
function typebox<S extends TSchema>(_schema: S): { ours: Infer<S>; theirs: Static<S> } {
  return {} as { ours: Infer<S>; theirs: Static<S> };
}
const address = Type.Object({ street: Type.String(), zip: Type.Optional(Type.String()), country: Type.Literal('de') });
const record = Type.Record(Type.String(), Type.Integer());
const tree = Type.Object({
  list: Type.Array(Type.Union([Type.String(), Type.Null()])),
  pair: Type.Tuple([Type.String(), Type.Number()]),
  kind: Type.Enum(['a', 'b', 3]),
  both: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Boolean() })]),
  any: Type.Any(),
  unknown: Type.Unknown(),
  address,
});
const t1 = typebox(Type.String());
expectTypeOf(t1.ours).toEqualTypeOf(t1.theirs);
const t2 = typebox(address);
expectTypeOf(t2.ours).toEqualTypeOf(t2.theirs);
const t3 = typebox(record);
expectTypeOf(t3.ours).toEqualTypeOf<{ [key: string]: number }>();
const t4 = typebox(tree);
expectTypeOf(t4.ours.list).toEqualTypeOf(t4.theirs.list);
expectTypeOf(t4.ours.pair).toEqualTypeOf(t4.theirs.pair);
expectTypeOf(t4.ours.kind).toEqualTypeOf(t4.theirs.kind);
expectTypeOf(t4.ours.both.a).toEqualTypeOf<string>();
expectTypeOf(t4.ours.both.b).toEqualTypeOf<boolean>();
expectTypeOf(t4.ours.any).toBeAny();
expectTypeOf(t4.ours.unknown).toBeUnknown();
expectTypeOf(t4.ours.address).toEqualTypeOf(t4.theirs.address);
const t5 = typebox(Type.Unsafe<{ made: 'by hand' }>({ type: 'object' }));
expectTypeOf(t5.ours).toEqualTypeOf<{ made: 'by hand' }>();
const t6 = typebox(Type.Union([Type.Object({ k: Type.Literal('x') }), Type.Object({ k: Type.Literal('y') })]));
expectTypeOf(t6.ours).toEqualTypeOf<{ k: 'x' } | { k: 'y' }>();
const t7 = typebox(Type.Partial(address));
expectTypeOf(t7.ours).toEqualTypeOf(t7.theirs);

const typed = new Event({
  parameters: {
    id: Type.Integer(),
    note: Type.Optional(Type.String()),
    tags: new Parameter(Type.Array(Type.String()), { default: [] }),
    level: new Parameter(Type.Union([Type.Literal('low'), Type.Literal('high')]), { default: 'low' }),
    parent: new Parameter(Type.Union([Type.String(), Type.Null()]), { default: null }),
    plain: new Parameter(Type.Boolean()),
    address: new Parameter(address, { default: { street: 'x', country: 'de' } }),
  },
});
expectTypeOf<Received<typeof typed>>().toEqualTypeOf<{
  id: number;
  note?: string;
  tags: string[];
  level: 'low' | 'high';
  parent: string | null;
  plain: boolean;
  address: { street: string; zip?: string; country: 'de' };
}>();
expectTypeOf<Fired<typeof typed>>().toEqualTypeOf<{
  readonly id: number;
  readonly plain: boolean;
  readonly note?: string | undefined;
  readonly tags?: string[] | undefined;
  readonly level?: 'low' | 'high' | undefined;
  readonly parent?: string | null | undefined;
  readonly address?: { street: string; zip?: string; country: 'de' } | undefined;
}>();
// @ts-expect-error a default of the wrong type
new Parameter(Type.Boolean(), { default: 'no' });
// @ts-expect-error a default that the schema does not list
new Parameter(Type.Union([Type.Literal('low'), Type.Literal('high')]), { default: 'middle' });
// @ts-expect-error no such option
new Parameter(Type.Boolean(), { defualt: false });
// @ts-expect-error no such option
new Event({ params: ['x'] });
// @ts-expect-error no schema
new Event({ parameters: { x: 'string' } });
// @ts-expect-error no names
new Event({ parameters: [1] });

// JSON Schema literals, without `as const`.
const literal = new Event({
  parameters: {
    name: { type: 'string' },
    size: { type: ['integer', 'null'] },
    level: { enum: ['low', 'high'] },
    fixed: { const: 7 },
    nullable: { type: 'string', nullable: true },
    either: { anyOf: [{ type: 'string' }, { type: 'boolean' }] },
    one: { oneOf: [{ const: 'a' }, { const: 'b' }] },
    list: { type: 'array', items: { type: 'string' } },
    pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false, minItems: 2 },
    open: { type: 'object' },
    map: { type: 'object', additionalProperties: { type: 'number' } },
    user: {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name'],
      additionalProperties: false,
    },
    loose: { type: 'object', properties: { a: { type: 'string' } } },
    further: {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: { type: 'number' },
    },
    opened: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: true },
    composed: {
      type: 'object',
      allOf: [
        { properties: { a: { type: 'string' } }, required: ['a'] },
        { type: 'object', properties: { b: { type: 'number' } }, required: ['b'] },
        { required: ['a'] },
      ],
    },
    beside: { allOf: [{ type: 'object' }, { properties: { c: { type: 'boolean' } }, required: ['c'] }] },
    refers: { $ref: '#/definitions/x' },
    anything: {},
    unsaid: { minimum: 3 },
    defaulted: new Parameter({ type: 'array', items: { type: 'string' } }, { default: ['x'] }),
  },
});
type Literal = Received<typeof literal>;
expectTypeOf<Literal['name']>().toEqualTypeOf<string>();
expectTypeOf<Literal['size']>().toEqualTypeOf<number | null>();
expectTypeOf<Literal['level']>().toEqualTypeOf<'low' | 'high'>();
expectTypeOf<Literal['fixed']>().toEqualTypeOf<7>();
expectTypeOf<Literal['nullable']>().toEqualTypeOf<string | null>();
expectTypeOf<Literal['either']>().toEqualTypeOf<string | boolean>();
expectTypeOf<Literal['one']>().toEqualTypeOf<'a' | 'b'>();
expectTypeOf<Literal['list']>().toEqualTypeOf<string[]>();
expectTypeOf<Literal['pair']>().toEqualTypeOf<[string, number]>();
expectTypeOf<Literal['open']>().toEqualTypeOf<{ [key: string]: any }>();
expectTypeOf<Literal['map']>().toEqualTypeOf<{ [key: string]: number }>();
expectTypeOf<Literal['user']>().toEqualTypeOf<{ name: string; age?: number }>();
expectTypeOf<Literal['loose']>().toEqualTypeOf<{ a?: string }>();
expectTypeOf<Literal['further']['a']>().toEqualTypeOf<string>();
expectTypeOf<Literal['further'][string]>().toEqualTypeOf<string | number | undefined>();
expectTypeOf<{ a: string; b: number }>().toExtend<Literal['further']>();
expectTypeOf<{ a: string; b: boolean }>().not.toExtend<Literal['further']>();
expectTypeOf<{ b: number }>().not.toExtend<Literal['further']>();
expectTypeOf<Literal['opened']['a']>().toEqualTypeOf<string>();
expectTypeOf<{ a: string; b: boolean }>().toExtend<Literal['opened']>();
expectTypeOf<Literal['composed']['a']>().toEqualTypeOf<string>();
expectTypeOf<Literal['composed']['b']>().toEqualTypeOf<number>();
expectTypeOf<{ a: string }>().not.toExtend<Literal['composed']>();
expectTypeOf<Literal['beside']['c']>().toEqualTypeOf<boolean>();
expectTypeOf<Literal['refers']>().toBeAny();
expectTypeOf<Literal['anything']>().toBeUnknown();
expectTypeOf<Literal['unsaid']>().toBeUnknown();
expectTypeOf<Literal['defaulted']>().toEqualTypeOf<string[]>();

// A schema kept in a variable needs `as const`, else it says too little.
const widened = { type: 'string' };
const kept = { type: 'string' } as const;
const variables = new Event({ parameters: { widened, kept } });
expectTypeOf<Received<typeof variables>>().toEqualTypeOf<{ widened: unknown; kept: string }>();

// Zod: its output; what its input lets be undefined may be left out.
const zod = new Event({
  parameters: {
    name: z.string(),
    role: z.enum(['user', 'admin']),
    note: z.string().optional(),
    size: z.number().default(3),
    user: z.object({ id: z.number(), tags: z.array(z.string()).optional() }),
    open: new Parameter(z.boolean(), { default: true }),
    whatever: z.any(),
  },
});
expectTypeOf<Received<typeof zod>>().toEqualTypeOf<{
  name: string;
  role: 'user' | 'admin';
  note?: string | undefined;
  size: number;
  user: { id: number; tags?: string[] | undefined };
  open: boolean;
  whatever: any;
}>();
expectTypeOf<Fired<typeof zod>>().toEqualTypeOf<{
  readonly name: string;
  readonly role: 'user' | 'admin';
  readonly user: { id: number; tags?: string[] | undefined };
  readonly whatever: any;
  readonly note?: string | undefined;
  readonly size?: number | undefined;
  readonly open?: boolean | undefined;
}>();

// Names: any, all required. Names that are known only at run time admit everything.
const named = new Event({ parameters: ['a', 'b'] });
expectTypeOf<Received<typeof named>>().toEqualTypeOf<{ a: any; b: any }>();
const bare = new Event({ parameters: 'a' });
expectTypeOf<Received<typeof bare>>().toEqualTypeOf<{ a: any }>();
const none = new Event();
expectTypeOf<Fired<typeof none>>().toEqualTypeOf<{ readonly [name: string]: never }>();
const dynamic = new Event({ parameters: ['a', 'b'] as string[] });
expectTypeOf<Received<typeof dynamic>>().toEqualTypeOf<{ [x: string]: any }>();
