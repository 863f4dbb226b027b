import { GraphQLScalarType } from 'graphql';
import { type Graph, part } from './graph-case.ts';

type Id = { readonly id: string };

const anything = new GraphQLScalarType({ name: 'Anything', serialize: (value) => value });

const show = (args: object): string => JSON.stringify(args);

const first = part(
  'first',
  `
  scalar Anything
  enum Color { RED GREEN HIDDEN @inaccessible }
  enum Paint { RED GREEN HIDDEN @inaccessible }
  enum Order { UP DOWN }
  input Filter { color: Color = GREEN words: [String!] deep: Deep only: String secret: String @inaccessible }
  input Deep { least: Int = 1 most: Int any: Anything }
  type Query {
    echo(int: Int, text: String = "default", id: ID, color: Color, filter: Filter, any: Anything, list: [Int]): String!
    thing(id: ID!): Thing
    colors: [Paint]!
    order(by: Order!): String
    hidden: String @inaccessible
    pets: [Pet]!
  }
  type Thing @key(fields: "id") @key(fields: "code") { id: ID! code: String! @inaccessible }
  union Pet = Cat | Dog
  type Cat { name: String! }
  type Dog @inaccessible { name: String! }
  `,
  {
    Anything: anything,
    Query: {
      echo: (_: unknown, args: object) => show(args),
      thing: (_: unknown, { id }: Id) => ({ id, code: `c${id}` }),
      colors: () => ['RED', 'HIDDEN', 'GREEN'],
      order: (_: unknown, { by }: { by: string }) => by,
      pets: () => [
        { __typename: 'Cat', name: 'Tom' },
        { __typename: 'Dog', name: 'Rex' },
      ],
    },
    Thing: {
      __resolveReference: ({ id, code = '' }: Id & { code?: string }) => ({ id: id ?? code.slice(1), code }),
    },
  },
);

/** Has another idea of the filter, and of the ways to order; the graph has what both know. */
const second = part(
  'second',
  `
  scalar Anything
  enum Color { RED GREEN BLUE }
  enum Paint { RED BLUE }
  enum Order { UP SIDEWAYS }
  input Filter { color: Color = GREEN words: [String!] deep: Deep extra: Int }
  input Deep { least: Int = 1 most: Int any: Anything }
  type Thing @key(fields: "code") {
    code: String! @inaccessible
    echo(int: Int = 3, filter: Filter, any: Anything, texts: [[String!]]): String!
    order(by: Order! = UP): String!
    paint: Paint
  }
  `,
  {
    Anything: anything,
    Thing: {
      echo: (_: unknown, args: object) => show(args),
      order: (_: unknown, { by }: { by: string }) => by,
      paint: ({ code }: { code: string }) => ({ c1: 'RED', c2: 'BLUE' })[code] ?? null,
    },
  },
);

const all = `query ($int: Int, $text: String, $id: ID, $color: Color, $filter: Filter, $any: Anything, $list: [Int]) {
  echo(int: $int, text: $text, id: $id, color: $color, filter: $filter, any: $any, list: $list)
}`;

const echo = (args: object) => ({ echo: show(args) });

/** What clients give, on its way to the subgraphs; and what they do not get to see. */
export const inputs: Graph = {
  name: 'inputs',
  parts: [first, second],
  cases: [
    { name: 'nothing, where there is a default', operation: all, data: echo({ text: 'default' }) },
    {
      name: 'null, which is not nothing',
      operation: all,
      variables: { int: null, text: null, filter: null, list: [null], any: null },
      data: echo({ int: null, text: null, filter: null, any: null, list: [null] }),
    },
    {
      name: 'one where a list is asked for, a number for an id',
      operation: all,
      variables: { list: 4, id: 12 },
      data: echo({ text: 'default', id: '12', list: [4] }),
    },
    {
      name: 'objects, their defaults, and enum values',
      operation: all,
      variables: { color: 'RED', filter: { words: ['a', 'b'], deep: { most: 5 } } },
      data: echo({
        text: 'default',
        color: 'RED',
        filter: { color: 'GREEN', words: ['a', 'b'], deep: { least: 1, most: 5 } },
      }),
    },
    {
      name: 'any value of a scalar nobody knows',
      operation: all,
      variables: { any: { a: [1, { b: null }], text: 'c' } },
      data: echo({ text: 'default', any: { a: [1, { b: null }], text: 'c' } }),
    },
    {
      name: 'defaults of variables, and what overrules them',
      operation: `query ($a: Int = 5, $b: Int = 6, $c: Int = 7, $f: Filter = { words: "w" }) {
        one: echo(int: $a, filter: $f) two: echo(int: $b) three: echo(int: $c)
      }`,
      variables: { b: 9, c: null },
      data: {
        one: show({ int: 5, text: 'default', filter: { color: 'GREEN', words: ['w'] } }),
        two: show({ int: 9, text: 'default' }),
        three: show({ int: null, text: 'default' }),
      },
    },
    {
      name: 'values written out, with variables among them',
      operation: `query ($most: Int!, $word: String!) {
        echo(text: "say \\"hi\\"", color: GREEN, filter: { words: [$word, "x"], deep: { most: $most, any: { k: [1.5, true, ENUM] } } })
      }`,
      variables: { most: 3, word: 'é✓' },
      data: echo({
        text: 'say "hi"',
        color: 'GREEN',
        filter: {
          color: 'GREEN',
          words: ['é✓', 'x'],
          deep: { least: 1, most: 3, any: { k: [1.5, true, 'ENUM'] } },
        },
      }),
    },
    {
      name: 'the same to an entity of another subgraph',
      operation: `query ($f: Filter, $any: Anything = [1], $t: [[String!]]) {
        thing(id: 1) { echo(filter: $f, any: $any, texts: $t) plain: echo none: echo(int: null) }
      }`,
      variables: { f: { deep: { any: 'x' } }, t: [['a'], null] },
      data: {
        thing: {
          echo: show({
            int: 3,
            filter: { color: 'GREEN', deep: { least: 1, any: 'x' } },
            any: [1],
            texts: [['a'], null],
          }),
          plain: show({ int: 3 }),
          none: show({ int: null }),
        },
      },
    },
    {
      name: 'variables called as what routers and subgraphs say to each other',
      operation: `query ($representations: Int, $__batch_reps_0: Int, $constructor: Int = 4) {
        thing(id: 1) { a: echo(int: $representations) b: echo(int: $__batch_reps_0) c: echo(int: $constructor) }
      }`,
      variables: { representations: 1, __batch_reps_0: 2 },
      data: { thing: { a: show({ int: 1 }), b: show({ int: 2 }), c: show({ int: 4 }) } },
      gatewayErrs: 'It calls the entities that it asks for so.',
    },
    {
      name: 'enum values, those that are hidden as null',
      operation: '{ colors a: thing(id: 1) { paint } b: thing(id: 2) { paint } c: thing(id: 3) { paint } }',
      data: { colors: ['RED', null, 'GREEN'], a: { paint: 'RED' }, b: { paint: 'BLUE' }, c: { paint: null } },
      errors: ['colors.1 SUBGRAPH_ERROR'],
    },
    {
      name: 'a type that is hidden',
      operation: '{ pets { ... on Cat { name } } }',
      data: { pets: [{ name: 'Tom' }, null] },
      errors: ['pets.1 SUBGRAPH_ERROR'],
    },
    {
      name: 'what both subgraphs take, and nothing that only one does',
      operation: '{ order(by: UP) thing(id: 1) { order } }',
      data: { order: 'UP', thing: { order: 'UP' } },
    },
    ...[
      '{ order(by: DOWN) }',
      '{ thing(id: 1) { order(by: SIDEWAYS) } }',
      '{ echo(filter: { only: "x" }) }',
      '{ thing(id: 1) { echo(filter: { extra: 1 }) } }',
      '{ hidden }',
      '{ thing(id: 1) { code } }',
      '{ pets { ... on Dog { name } } }',
      '{ echo(color: HIDDEN) }',
      '{ echo(color: BLUE) }',
    ].map((operation) => ({
      name: `is refused: ${operation}`,
      operation,
      data: null,
      errors: [' GRAPHQL_VALIDATION_FAILED'],
      gatewayErrs: 'It is validated before it comes to the gateway.',
    })),
    {
      name: 'is refused: a value of another type',
      operation: 'query ($n: Int!, $f: Filter) { echo(int: $n, filter: $f) }',
      variables: { n: 'many', f: { unknown: 1 } },
      data: null,
      errors: [' BAD_USER_INPUT', ' BAD_USER_INPUT'],
      gatewayErrs: 'It is validated before it comes to the gateway.',
    },
  ],
};
