import { GraphQLError } from 'graphql';
import { type Case, type Graph, part } from './graph-case.ts';

const thing = (id: string | null) => (id === null ? null : { id });

/** Every shape a list can have. What stands in it is null where the shape lets it be, or becomes so. */
const shapes = {
  t: 'Thing',
  tn: 'Thing!',
  l: '[Thing]',
  ln: '[Thing!]',
  nl: '[Thing]!',
  nln: '[Thing!]!',
  ll: '[[Thing]]',
  lln: '[[Thing!]]',
  lnl: '[[Thing]!]',
  lnln: '[[Thing!]!]',
  nlnln: '[[Thing!]!]!',
};

type Shape = keyof typeof shapes;

const fields = Object.entries(shapes)
  .map(([name, type]) => `${name}(id: String): ${type}`)
  .join(' ');

/** A good one, and the one that was asked for; in lists of lists also a list of only good ones. */
const shaped = (type: string, id: string | null): unknown => {
  const depth = type.split('[').length - 1;
  if (depth === 0) return thing(id);
  const list = [thing('ok'), thing(id)];
  return depth === 1 ? list : [list, [thing('ok')]];
};

const holder = part(
  'holder',
  `
  type Query { box: Box boxes: [Box!] sure: Box! two: Two }
  type Two { first: Box second: Box! }
  type Box { ${fields} }
  type Thing @key(fields: "id") { id: ID! }
  `,
  {
    Query: {
      box: () => ({}),
      boxes: () => [{}, {}],
      sure: () => ({}),
      two: () => ({ first: {}, second: {} }),
    },
    Box: Object.fromEntries(
      Object.entries(shapes).map(([name, type]) => [
        name,
        (_: unknown, { id = 'ok' }: { id?: string }) => shaped(type, id),
      ]),
    ),
  },
);

/** Fails for the bad one. */
const values = part(
  'values',
  'type Thing @key(fields: "id") { id: ID! value: String! maybe: String list: [Int!] }',
  {
    Thing: {
      value: ({ id }: { id: string }) => {
        if (id === 'bad') throw new GraphQLError('It is bad.', { extensions: { code: 'BAD' } });
        return `value of ${id}`;
      },
      maybe: ({ id }: { id: string }) => {
        if (id === 'bad') throw new GraphQLError('It is bad.', { extensions: { code: 'BAD' } });
        return null;
      },
      list: ({ id }: { id: string }) => (id === 'bad' ? [1, null] : [1]),
    },
  },
);

const good = { value: 'value of ok' };

/** What is left of each shape when the value of the second thing in it must not be null, and is. */
const left: Record<Shape, unknown> = {
  t: null,
  tn: undefined,
  l: [good, null],
  ln: null,
  nl: [good, null],
  nln: undefined,
  ll: [[good, null], [good]],
  lln: [null, [good]],
  lnl: [[good, null], [good]],
  lnln: null,
  nlnln: undefined,
};

const path: Record<Shape, string> = {
  ...{ t: '', tn: '', l: '.1', ln: '.1', nl: '.1', nln: '.1' },
  ...{ ll: '.0.1', lln: '.0.1', lnl: '.0.1', lnln: '.0.1', nlnln: '.0.1' },
};

const names = Object.keys(shapes) as Shape[];

const propagating: Case[] = names.map((name) => ({
  name: `a failed value in ${shapes[name]}`,
  operation: `{ box { ${name}(id: "bad") { value } } }`,
  data: { box: left[name] === undefined ? null : { [name]: left[name] } },
  errors: [`box.${name}${path[name]}.value BAD`],
}));

/** Where the holder itself gives a null, the shapes that forbid it fail there. */
const forbidden = names.filter((name) => left[name] === undefined || shapes[name].includes('Thing!'));

const holes: Case[] = names.map((name) => {
  const isForbidden = forbidden.includes(name);
  const gone = left[name] === undefined ? null : { [name]: left[name] };
  return {
    name: `a null in ${shapes[name]}`,
    operation: `query ($id: String) { box { ${name}(id: $id) { value } } }`,
    variables: { id: null },
    data: { box: gone },
    errors: isForbidden ? [`box.${name}${path[name]} INTERNAL_SERVER_ERROR`] : [],
  };
});

/** How far a null goes that may not be where it is. */
export const nulls: Graph = {
  name: 'nulls',
  parts: [holder, values],
  cases: [
    ...propagating,
    ...holes,
    ...names.map((name) => ({
      name: `no null in ${shapes[name]}`,
      operation: `{ box { ${name}(id: "ok") { value } } }`,
      data: {
        box: {
          [name]: JSON.parse(
            JSON.stringify(shaped(shapes[name], 'ok')).replaceAll('{"id":"ok"}', JSON.stringify(good)),
          ),
        },
      },
    })),
    {
      name: 'all the way to the top',
      operation: '{ sure { tn(id: "bad") { value } } }',
      data: null,
      errors: ['sure.tn.value BAD'],
    },
    {
      name: 'past a list of objects',
      operation: '{ boxes { tn(id: "bad") { value } } two { first { t { id } } } }',
      data: { boxes: null, two: { first: { t: { id: 'ok' } } } },
      errors: ['boxes.0.tn.value BAD', 'boxes.1.tn.value BAD'],
    },
    {
      name: 'to the nearest that may be null, and no further',
      operation:
        '{ two { first { tn(id: "bad") { value } } second { t(id: "bad") { value } tn { value } } } }',
      data: { two: { first: null, second: { t: null, tn: good } } },
      errors: ['two.first.tn.value BAD', 'two.second.t.value BAD'],
    },
    {
      name: 'nowhere, where it may be null',
      operation: '{ box { nlnln(id: "bad") { id maybe } } }',
      data: {
        box: {
          nlnln: [
            [
              { id: 'ok', maybe: null },
              { id: 'bad', maybe: null },
            ],
            [{ id: 'ok', maybe: null }],
          ],
        },
      },
      errors: ['box.nlnln.0.1.maybe BAD'],
    },
    {
      name: 'from a list of scalars',
      operation: '{ box { l(id: "bad") { id list } } }',
      data: {
        box: {
          l: [
            { id: 'ok', list: [1] },
            { id: 'bad', list: null },
          ],
        },
      },
      errors: ['box.l.1.list.1 INTERNAL_SERVER_ERROR'],
    },
    {
      name: 'of one entity at many places, each of them told',
      operation: '{ a: box { t(id: "bad") { value } } b: box { l(id: "bad") { maybe } } }',
      data: { a: { t: null }, b: { l: [{ maybe: null }, { maybe: null }] } },
      errors: ['a.t.value BAD', 'b.l.1.maybe BAD'],
    },
  ],
};
