import { type Graph, part } from './graph-case.ts';

type Id = { readonly id: string };

const works: Record<string, { readonly __typename: string; readonly id: string; readonly title: string }> = {
  b1: { __typename: 'Book', id: 'b1', title: 'Emma' },
  f1: { __typename: 'Film', id: 'f1', title: 'Heat' },
  g1: { __typename: 'Game', id: 'g1', title: 'Go' },
};

const note = { __typename: 'Note', text: 'Closed today' };

const library = part(
  'library',
  `
  type Query {
    works: [Work!]!
    work(id: ID!): Work
    items: [Item]!
    rows: [[Item!]]!
    book: Book
  }
  interface Named { title: String! }
  interface Work implements Named @key(fields: "id") { id: ID! title: String! }
  type Book implements Work & Named @key(fields: "id") { id: ID! title: String! pages: Int! next: Work }
  type Film implements Work & Named @key(fields: "id") { id: ID! title: String! minutes: Int! cast: [Person!]! }
  type Game implements Work & Named @key(fields: "id") { id: ID! title: String! players: Int! }
  type Note { text: String! }
  type Person { name: String! }
  union Item = Book | Film | Note
  `,
  {
    Query: {
      works: () => Object.values(works),
      work: (_: unknown, { id }: Id) => works[id] ?? null,
      items: () => [works['b1'], null, note, works['f1']],
      rows: () => [[works['f1'], note], null, [works['b1']]],
      book: () => works['b1'],
    },
    Work: { __resolveReference: ({ id }: Id) => works[id] },
    Book: {
      __resolveReference: ({ id }: Id) => works[id],
      pages: () => 400,
      next: () => works['f1'],
    },
    Film: {
      __resolveReference: ({ id }: Id) => works[id],
      minutes: () => 170,
      cast: () => [{ name: 'Al' }, { name: 'Robert' }],
    },
    Game: { __resolveReference: ({ id }: Id) => works[id], players: () => 2 },
  },
);

/** Knows nothing of which kinds of works there are. */
const ratings = part(
  'ratings',
  `
  type Query { best: Work! ranked: [Work!]! }
  type Work @key(fields: "id") @interfaceObject { id: ID! rating(of: Int! = 5): Int! similar: [Work!]! }
  `,
  {
    Query: { best: () => ({ id: 'f1' }), ranked: () => [{ id: 'f1' }, { id: 'b1' }, { id: 'g1' }] },
    Work: {
      rating: ({ id }: Id, { of }: { of: number }) => (id === 'f1' ? of : of - 1),
      similar: ({ id }: Id) => (id === 'b1' ? [{ id: 'f1' }] : []),
    },
  },
);

const credits = part(
  'credits',
  `
  type Book @key(fields: "id") { id: ID! author: String! }
  type Film @key(fields: "id") { id: ID! author: String! }
  `,
  {
    Book: { author: () => 'Jane' },
    Film: { author: () => 'Michael' },
  },
);

/** Interfaces, unions, and interfaces that a subgraph has as objects. */
export const abstract: Graph = {
  name: 'abstract types',
  parts: [library, ratings, credits],
  cases: [
    {
      name: 'an interface by its own fields',
      operation: '{ works { id title } }',
      data: {
        works: [
          { id: 'b1', title: 'Emma' },
          { id: 'f1', title: 'Heat' },
          { id: 'g1', title: 'Go' },
        ],
      },
    },
    {
      name: 'type names, under two names, in lists of lists',
      operation: '{ __typename rows { kind: __typename __typename } root: __typename }',
      data: {
        __typename: 'Query',
        rows: [
          [
            { kind: 'Film', __typename: 'Film' },
            { kind: 'Note', __typename: 'Note' },
          ],
          null,
          [{ kind: 'Book', __typename: 'Book' }],
        ],
        root: 'Query',
      },
    },
    {
      name: 'a type name under another name alone',
      operation: '{ works { kind: __typename } best { kind: __typename rating } }',
      data: {
        works: [{ kind: 'Book' }, { kind: 'Film' }, { kind: 'Game' }],
        best: { kind: 'Film', rating: 5 },
      },
    },
    {
      name: 'a union with fields of other subgraphs by type, and a hole',
      operation:
        '{ items { ... on Book { title author } ... on Note { text } ... on Film { author minutes } } }',
      data: {
        items: [
          { title: 'Emma', author: 'Jane' },
          null,
          { text: 'Closed today' },
          { author: 'Michael', minutes: 170 },
        ],
      },
    },
    {
      name: 'fragments on interfaces within a union',
      operation: `{ items { ...named ... on Work { rating } } }
        fragment named on Named { title ...more }
        fragment more on Named { ... on Film { minutes } }`,
      data: {
        items: [{ title: 'Emma', rating: 4 }, null, {}, { title: 'Heat', minutes: 170, rating: 5 }],
      },
    },
    {
      name: 'an object of another subgraph that is one of several types',
      operation: '{ best { id title rating } }',
      data: { best: { id: 'f1', title: 'Heat', rating: 5 } },
    },
    {
      name: 'its types, and what only one of them has',
      operation: '{ ranked { __typename rating ... on Film { author minutes } ... on Book { pages } } }',
      data: {
        ranked: [
          { __typename: 'Film', rating: 5, author: 'Michael', minutes: 170 },
          { __typename: 'Book', rating: 4, pages: 400 },
          { __typename: 'Game', rating: 4 },
        ],
      },
    },
    {
      name: 'what two of its types have from the subgraph that knows none',
      operation: '{ best { ... on Film { rating } ... on Book { id } } }',
      data: { best: { rating: 5 } },
      hiveErrs: 'It asks for the one type or the other.',
    },
    {
      name: 'a field that all types have from elsewhere',
      operation: '{ works { rating ... on Book { rating10: rating(of: 10) } } }',
      data: { works: [{ rating: 4, rating10: 9 }, { rating: 5 }, { rating: 4 }] },
    },
    {
      name: 'to and fro between the two',
      operation:
        '{ book { next { rating similar { title } } similar { title similar { id } ... on Film { cast { name } } } } }',
      data: {
        book: {
          next: { rating: 5, similar: [] },
          similar: [{ title: 'Heat', similar: [], cast: [{ name: 'Al' }, { name: 'Robert' }] }],
        },
      },
    },
    {
      name: 'nothing but what needs no type at all',
      operation: '{ ranked { id rating } }',
      data: {
        ranked: [
          { id: 'f1', rating: 5 },
          { id: 'b1', rating: 4 },
          { id: 'g1', rating: 4 },
        ],
      },
    },
    {
      name: 'fields of two types under one name',
      operation:
        '{ works { ... on Film { n: minutes } ... on Game { n: players } ... on Book { n: pages } } }',
      data: { works: [{ n: 400 }, { n: 170 }, { n: 2 }] },
    },
    {
      name: 'fields of two types under one name from several subgraphs',
      operation:
        '{ works { ... on Film { n: author } ... on Game { n: title } ... on Book { n: author } rating } }',
      data: {
        works: [
          { n: 'Jane', rating: 4 },
          { n: 'Michael', rating: 5 },
          { n: 'Go', rating: 4 },
        ],
      },
    },
    {
      name: 'one object by its interface and by its type',
      operation:
        '{ work(id: "f1") { ... on Named { title } ... on Film { title cast { name } } ... on Book { pages } } }',
      data: { work: { title: 'Heat', cast: [{ name: 'Al' }, { name: 'Robert' }] } },
    },
    {
      name: 'a type that it is not',
      operation:
        '{ work(id: "g1") { ... on Film { title rating } } book { ... on Named { ... on Film { minutes } } } }',
      data: { work: {}, book: {} },
    },
  ],
};
