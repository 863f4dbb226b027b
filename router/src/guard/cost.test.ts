import { fragmentsOf } from '@storegraph/server';
import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { readHints } from '../graph/hints.ts';
import { costOf } from './cost.ts';

const sdl = `
  directive @cost(weight: Int!) on FIELD_DEFINITION
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
  type Query {
    product: Product
    products(first: Int = 24, last: Int): Connection! @listSize(slicingArguments: ["first", "last"], sizedFields: ["nodes"])
    tags: [String!]!
    heavy: Int @cost(weight: 50)
    fixed: [Product!]! @listSize(assumedSize: 3)
    nested: [[Product!]!]!
    of(ids: [ID!], in: String): [Product!]! @listSize(assumedSize: 3)
  }
  type Connection { nodes: [Product!]! total: Int }
  type Product implements Named { name: String! variants: [Product!]! parent: Product price: Price @cost(weight: 5) }
  type Price { amount: Int }
  interface Named { name: String! }
`;
const schema = buildSchema(sdl);
const hints = readHints(parse(sdl).definitions);

const cost = (text: string, values: Record<string, unknown> = {}): number => {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is no operation.');
  return costOf({ schema, hints, fragments: fragmentsOf(document) }, operation)(values);
};

test.each([
  ['scalars cost nothing', '{ product { name } __typename }', 1],
  ['an object costs one', '{ product { parent { parent { name } } } }', 3],
  ['a list nobody knows the length of is taken for ten', '{ product { variants { name } } }', 11],
  ['a weight stands for itself', '{ heavy product { price { amount } } }', 56],
  ['a list with an assumed length', '{ fixed { parent { name } } }', 6],
  ['a connection as long as its argument says', '{ products(first: 100) { nodes { name } total } }', 101],
  ['a connection as long as its default says', '{ products { nodes { name } } }', 25],
  [
    'lists multiply',
    '{ products(first: 100) { nodes { variants { variants { name } } } } }',
    1 + 100 * (1 + 10 * (1 + 10)),
  ],
  ['every alias counts', '{ a: product { name } b: product { name } }', 2],
  [
    'fragments count where they are used',
    '{ ...F product { ...G } } fragment F on Query { product { ...G } } fragment G on Product { parent { name } }',
    4,
  ],
  ['the introspection of the schema is bounded elsewhere', '{ __schema { types { name } } }', 0],
])('%s', (_what, text, expected) => {
  expect(cost(text)).toBe(expected);
});

test('the client’s variables decide', () => {
  const text = 'query ($n: Int, $m: Int = 5) { products(first: $n, last: $m) { nodes { name } } }';
  expect(cost(text, { n: 1000 })).toBe(1001);
  expect(cost(text, { n: 1, m: 50 })).toBe(51);
  expect(cost(text, {})).toBe(25);
});

test('a list by ids is at least as long as they are', () => {
  expect(cost('{ of(ids: ["1", "2"]) { name } }')).toBe(3);
  expect(cost('{ of(ids: ["1", "2", "3", "4"]) { parent { name } } }')).toBe(8);
  const text = 'query ($ids: [ID!], $in: String) { of(ids: $ids, in: $in) { name } }';
  expect(cost(text, { ids: Array(500).fill('1'), in: 'north' })).toBe(500);
  expect(cost(text, { ids: null })).toBe(3);
});

test('a negative length makes nothing cheaper', () => {
  expect(cost('{ heavy products(first: -1000000) { nodes { variants { name } } } }')).toBe(51);
});
