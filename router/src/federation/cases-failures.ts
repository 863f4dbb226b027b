import { GraphQLError } from 'graphql';
import { type Graph, part } from './graph-case.ts';

type Id = { readonly id: string };

const broken = (what: string) =>
  new GraphQLError(`The ${what} is broken.`, { extensions: { code: `BROKEN_${what.toUpperCase()}` } });

/** Fails for the second of each kind, in every way there is. */
const orders = part(
  'orders',
  `
  type Query { orders: [Order!]! order(id: ID!): Order broken: Order total: Int! }
  type Order @key(fields: "id") { id: ID! lines: [Line]! note: String }
  type Line { item: Item! count: Int }
  type Item @key(fields: "id") { id: ID! }
  `,
  {
    Query: {
      orders: () => ['1', '2', '3'].map((id) => ({ id })),
      order: (_: unknown, { id }: Id) => ({ id }),
      broken: () => {
        throw broken('root');
      },
      total: () => {
        throw broken('total');
      },
    },
    Order: {
      lines: ({ id }: Id) => [{ item: { id: `${id}a` }, count: 1 }, null, { item: { id: '2' }, count: 2 }],
      note: ({ id }: Id) => {
        if (id === '2') throw broken('note');
        return `note of ${id}`;
      },
    },
  },
);

const items = part(
  'items',
  `
  type Query { top: Item }
  type Item @key(fields: "id") { id: ID! name: String price: Price! tags: [Tag!] box: Box }
  type Price { minor: Int! note: String }
  type Tag { text: String }
  type Box @key(fields: "id") { id: ID! }
  `,
  {
    Query: { top: () => ({ id: '7' }) },
    Item: {
      // Waits, because what it throws at once ends the whole fetch.
      __resolveReference: async ({ id }: Id) => {
        if (id === '3a') throw broken('item');
        return { id };
      },
      name: ({ id }: Id) => {
        if (id === '2') throw broken('name');
        return `Item ${id}`;
      },
      price: ({ id }: Id) => ({ minor: 100, id }),
      tags: ({ id }: Id) => [
        { text: 'a', id },
        { text: 'b', id },
      ],
      box: ({ id }: Id) => ({ id: `box-${id}` }),
    },
    Price: {
      note: ({ id }: Id) => {
        if (id === '1a') throw broken('price');
        return null;
      },
    },
    Tag: {
      text: ({ id, text }: Id & { text: string }) => {
        if (id === '2' && text === 'b') throw broken('tag');
        return text;
      },
    },
  },
);

const boxes = part(
  'boxes',
  `
  type Query { box: Box! }
  type Box @key(fields: "id") { id: ID! size: Int! }
  type Item @key(fields: "id") { id: ID! last: String }
  `,
  {
    Item: {
      __resolveReference: ({ id }: Id) => {
        if (id === '2') throw broken('entity');
        return { last: 'last' };
      },
    },
    Query: {
      box: () => {
        throw broken('box');
      },
    },
    Box: {
      size: ({ id }: Id) => {
        if (id === 'box-2') throw broken('size');
        return 5;
      },
    },
  },
);

/** Failures of single fields, each told at its place, with all the rest. */
export const failures: Graph = {
  name: 'failures',
  parts: [orders, items, boxes],
  cases: [
    {
      name: 'of a root field, the others unharmed',
      operation: '{ broken { id note } top { id name } }',
      data: { broken: null, top: { id: '7', name: 'Item 7' } },
      errors: ['broken BROKEN_ROOT'],
    },
    {
      name: 'of a root field under another name',
      operation: '{ mine: broken { id lines { item { name } } } }',
      data: { mine: null },
      errors: ['mine BROKEN_ROOT'],
    },
    {
      name: 'of a root field that must not be null',
      operation: '{ top { id } total }',
      data: null,
      errors: ['total BROKEN_TOTAL'],
    },
    {
      name: 'of two subgraphs at once',
      operation: '{ broken { id } box { id } top { id } }',
      data: null,
      errors: ['broken BROKEN_ROOT', 'box BROKEN_BOX'],
    },
    {
      name: 'within a list',
      operation: '{ orders { id note } }',
      data: {
        orders: [
          { id: '1', note: 'note of 1' },
          { id: '2', note: null },
          { id: '3', note: 'note of 3' },
        ],
      },
      errors: ['orders.1.note BROKEN_NOTE'],
    },
    {
      name: 'of one entity that stands at several places',
      operation: '{ orders { lines { item { name } } } }',
      data: {
        orders: ['1', '2', '3'].map((id) => ({
          lines: [{ item: { name: id === '3' ? null : `Item ${id}a` } }, null, { item: { name: null } }],
        })),
      },
      errors: [
        ...['0', '1', '2'].map((at) => `orders.${at}.lines.2.item.name BROKEN_NAME`),
        'orders.2.lines.0.item BROKEN_ITEM',
      ],
    },
    {
      name: 'deep inside an entity, under other names',
      operation: '{ o: order(id: 1) { l: lines { i: item { p: price { n: note m: minor } } } } }',
      data: {
        o: {
          l: [{ i: { p: { n: null, m: 100 } } }, null, { i: { p: { n: null, m: 100 } } }],
        },
      },
      errors: ['o.l.0.i.p.n BROKEN_PRICE'],
    },
    {
      name: 'within a list within an entity within a list',
      operation: '{ order(id: 2) { lines { count item { tags { text } } } } }',
      data: {
        order: {
          lines: [
            { count: 1, item: { tags: [{ text: 'a' }, { text: 'b' }] } },
            null,
            { count: 2, item: { tags: [{ text: 'a' }, { text: null }] } },
          ],
        },
      },
      errors: ['order.lines.2.item.tags.1.text BROKEN_TAG'],
    },
    {
      name: 'of an entity of an entity',
      operation: '{ order(id: 1) { lines { item { box { id size } } } } }',
      data: {
        order: { lines: [{ item: { box: { id: 'box-1a', size: 5 } } }, null, { item: { box: null } }] },
      },
      errors: ['order.lines.2.item.box.size BROKEN_SIZE'],
    },
    {
      name: 'of a whole entity whose other fields must not be null',
      operation: '{ order(id: 3) { id lines { count item { id price { minor } } } } }',
      data: {
        order: {
          id: '3',
          lines: [null, null, { count: 2, item: { id: '2', price: { minor: 100 } } }],
        },
      },
      errors: ['order.lines.0.item BROKEN_ITEM'],
    },
    {
      name: 'of all entities of a fetch, because of one',
      operation: '{ order(id: 1) { id lines { count item { last } } } }',
      data: {
        order: {
          id: '1',
          lines: [{ count: 1, item: { last: null } }, null, { count: 2, item: { last: null } }],
        },
      },
      errors: ['order.lines BROKEN_ENTITY'],
      gatewayErrs: 'Its path leads nowhere in the answer.',
    },
    {
      name: 'under names that are not passed on as they are',
      operation: '{ constructor: order(id: 1) { toString: lines { item { __proto__: name } } } }',
      data: JSON.parse(
        '{"constructor":{"toString":[{"item":{"__proto__":"Item 1a"}},null,{"item":{"__proto__":null}}]}}',
      ),
      errors: ['constructor.toString.2.item.__proto__ BROKEN_NAME'],
    },
  ],
};
