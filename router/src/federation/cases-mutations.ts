import { GraphQLError } from 'graphql';
import { type Graph, part } from './graph-case.ts';

type Id = { readonly id: string };

/** Mutations that leave nothing behind, so that each engine may run them. */
const cart = part(
  'cart',
  `
  type Query { ok: Boolean }
  type Mutation {
    put(item: ID!, count: Int! = 1): Put!
    fails(item: ID!): Cart
    mustNotFail: Cart!
  }
  union Put = Cart | SoldOut
  type SoldOut { item: Item! }
  type Cart { lines: [Line!]! }
  type Line { count: Int! item: Item! }
  type Item @key(fields: "id", resolvable: false) { id: ID! }
  `,
  {
    Mutation: {
      put: (_: unknown, { item, count }: { item: string; count: number }) =>
        item === 'gone'
          ? { __typename: 'SoldOut', item: { id: item } }
          : { __typename: 'Cart', lines: [{ count, item: { id: item } }] },
      fails: () => {
        throw new GraphQLError('It failed.', { extensions: { code: 'FAILED' } });
      },
      mustNotFail: () => {
        throw new GraphQLError('It failed.', { extensions: { code: 'FAILED' } });
      },
    },
  },
);

const shelf = part(
  'shelf',
  `
  type Mutation { rename(id: ID!, name: String!): Item }
  type Query { item(id: ID!): Item }
  type Item @key(fields: "id") { id: ID! name: String! }
  `,
  {
    Mutation: { rename: (_: unknown, args: Id & { name: string }) => args },
    Query: { item: (_: unknown, args: Id) => args },
    Item: { name: ({ id, name }: Id & { name?: string }) => name ?? `Item ${id}` },
  },
);

/** Changes over several subgraphs. */
export const mutations: Graph = {
  name: 'mutations',
  parts: [cart, shelf],
  cases: [
    {
      name: 'whose results have fields of other subgraphs, by type',
      operation: `mutation ($item: ID!) {
        put(item: $item, count: 2) { __typename ... on Cart { lines { count item { name } } } }
        other: put(item: "gone") { ... on SoldOut { item { name id } } ... on Cart { lines { count } } }
        rename(id: 4, name: "New") { id name }
      }`,
      variables: { item: '3' },
      data: {
        put: { __typename: 'Cart', lines: [{ count: 2, item: { name: 'Item 3' } }] },
        other: { item: { name: 'Item gone', id: 'gone' } },
        rename: { id: '4', name: 'New' },
      },
    },
    {
      name: 'one of which fails, and the others do not',
      operation: `mutation {
        __typename
        a: rename(id: 1, name: "One") { name }
        fails(item: 1) { lines { item { name } } }
        b: rename(id: 2, name: "Two") { name }
      }`,
      data: { __typename: 'Mutation', a: { name: 'One' }, fails: null, b: { name: 'Two' } },
      errors: ['fails FAILED'],
    },
    {
      name: 'one of which fails that must not',
      operation: 'mutation { rename(id: 1, name: "One") { name } mustNotFail { lines { count } } }',
      data: null,
      errors: ['mustNotFail FAILED'],
    },
    {
      name: 'through fragments, under conditions',
      operation: `mutation ($yes: Boolean!) {
        ...first @include(if: $yes)
        ... on Mutation @skip(if: $yes) { left: rename(id: 1, name: "No") { id } }
        last: rename(id: 2, name: "Two") { ...item }
      }
      fragment first on Mutation { one: rename(id: 1, name: "One") { ...item } }
      fragment item on Item { id name }`,
      variables: { yes: true },
      data: { one: { id: '1', name: 'One' }, last: { id: '2', name: 'Two' } },
    },
    {
      name: 'one field twice, which is run once',
      operation: 'mutation { rename(id: 1, name: "One") { id } rename(id: 1, name: "One") { name } }',
      data: { rename: { id: '1', name: 'One' } },
    },
  ],
};
