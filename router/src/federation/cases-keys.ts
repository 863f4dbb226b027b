import { type Graph, part } from './graph-case.ts';

type Id = { readonly id: string };

const product = (id: string) => ({ id, sku: `S${id}` });

const names: Record<string, string> = { en: 'Chair', de: 'Stuhl', fr: 'Chaise' };

const catalogue = part(
  'catalogue',
  `
  type Query {
    product(id: ID!): Product
    products(first: Int! = 2): [Product!]!
    none: [Product!]!
    grid: [[Product]]
  }
  type Product @key(fields: "id") @key(fields: "sku") {
    id: ID!
    sku: String!
    name(locale: String! = "en"): String!
    maker: Maker!
  }
  type Maker @key(fields: "id") { id: ID! }
  `,
  {
    Query: {
      product: (_: unknown, { id }: Id) => (id === 'gone' ? null : product(id)),
      products: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_one, at) => product(String(at + 1))),
      none: () => [],
      grid: () => [[product('1'), null], null, [], [product('2')]],
    },
    Product: {
      __resolveReference: ({ id, sku }: Partial<Id> & { sku?: string }) =>
        id === 'gone' ? null : product(id ?? String(sku).slice(1)),
      name: ({ id }: Id, { locale }: { locale: string }) => `${names[locale]} ${id}`,
      maker: ({ id }: Id) => ({ id: Number(id) % 2 === 1 ? 'odd' : 'even' }),
    },
  },
);

/** Knows products by their sku only, and where they lie by a key of several fields, one of them nested. */
const stock = part(
  'stock',
  `
  type Query { place: Place }
  type Product @key(fields: "sku") { sku: String! available: Int! place: Place }
  type Place @key(fields: "zone { code } shelf") { zone: Zone! shelf: Int! }
  type Zone @shareable { code: String! }
  `,
  {
    Query: { place: () => ({ zone: { code: 'A' }, shelf: 7 }) },
    Product: {
      available: ({ sku }: { sku: string }) => Number(sku.slice(1)) * 10,
      place: ({ sku }: { sku: string }) => ({ zone: { code: 'A' }, shelf: Number(sku.slice(1)) }),
    },
  },
);

const halls = part(
  'halls',
  `
  type Place @key(fields: "zone { code } shelf") { zone: Zone! shelf: Int! guard: Person sign: String! }
  type Zone @shareable { code: String! }
  type Person @key(fields: "id") { id: ID! }
  `,
  {
    Place: {
      guard: ({ shelf }: { shelf: number }) => (shelf === 2 ? null : { id: `p${shelf}` }),
      sign: ({ zone, shelf }: { zone: { code: string }; shelf: number }) => `${zone.code}-${shelf}`,
    },
  },
);

const people = part(
  'people',
  `
  type Person @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String! }
  type Maker @key(fields: "id") { id: ID! boss: Person }
  `,
  {
    Person: {
      __resolveReference: ({ id, email }: Partial<Id> & { email?: string }) => {
        const known = id ?? String(email).split('@')[0];
        return { id: known, email: `${known}@shop`, name: `Person ${known}` };
      },
    },
    Maker: {
      boss: ({ id }: Id) => ({ id, email: `${id}@shop`, name: `Boss ${id}` }),
    },
  },
);

/** Knows of products and people nothing but a key of theirs. */
const reviews = part(
  'reviews',
  `
  type Query { reviews: [Review!]! }
  type Review { id: ID! product: Product other: Product! author: Person! }
  type Product @key(fields: "id", resolvable: false) { id: ID! }
  type Person @key(fields: "email", resolvable: false) { email: String! }
  `,
  {
    Query: {
      reviews: () =>
        ['1', '2', '1'].map((id, at) => ({
          id: `r${at}`,
          product: { id },
          other: { id: '1' },
          author: { email: `a${id}@shop` },
        })),
    },
  },
);

const manyAsked = 500;

/** How entities are found again, by whatever key the next subgraph knows them. */
export const keys: Graph = {
  name: 'keys',
  parts: [catalogue, stock, halls, people, reviews],
  cases: [
    {
      name: 'a chain over four subgraphs, each by another key',
      operation: '{ product(id: 3) { id available place { sign guard { name email } } } }',
      data: {
        product: {
          id: '3',
          available: 30,
          place: { sign: 'A-3', guard: { name: 'Person p3', email: 'p3@shop' } },
        },
      },
    },
    {
      name: 'a chain that ends early for one of a list',
      operation: '{ products { place { guard { name } } } }',
      data: {
        products: [{ place: { guard: { name: 'Person p1' } } }, { place: { guard: null } }],
      },
    },
    {
      name: 'a key of several fields, one nested, that the client asks for as well',
      operation: '{ place { shelf zone { code } sign } }',
      data: { place: { shelf: 7, zone: { code: 'A' }, sign: 'A-7' } },
    },
    {
      name: 'the other one of two keys',
      operation: '{ reviews { author { name id } } }',
      data: {
        reviews: ['1', '2', '1'].map((id) => ({ author: { name: `Person a${id}`, id: `a${id}` } })),
      },
    },
    {
      name: 'an entity that is not there',
      operation: '{ product(id: "gone") { name available } }',
      data: { product: null },
    },
    {
      name: 'entities of an empty list',
      operation: '{ none { name available place { sign } } }',
      data: { none: [] },
    },
    {
      name: 'entities in lists of lists with holes',
      operation: '{ grid { name available } }',
      data: {
        grid: [[{ name: 'Chair 1', available: 10 }, null], null, [], [{ name: 'Chair 2', available: 20 }]],
      },
    },
    {
      name: 'five hundred entities',
      operation:
        'query ($n: Int!) { products(first: $n) { id available place { sign } maker { boss { name } } } }',
      variables: { n: manyAsked },
      data: {
        products: Array.from({ length: manyAsked }, (_, at) => ({
          id: String(at + 1),
          available: (at + 1) * 10,
          place: { sign: `A-${at + 1}` },
          maker: { boss: { name: at % 2 === 0 ? 'Boss odd' : 'Boss even' } },
        })),
      },
    },
    {
      name: 'one entity at two places with different arguments under one name',
      operation: '{ reviews { a: product { n: name(locale: "de") } b: product { n: name(locale: "en") } } }',
      data: {
        reviews: ['1', '2', '1'].map((id) => ({ a: { n: `Stuhl ${id}` }, b: { n: `Chair ${id}` } })),
      },
    },
    {
      name: 'one entity in two fields with different selections, all the way down',
      operation:
        '{ reviews { product { id place { sign } } other { available place { guard { name } zone { code } } } } }',
      data: {
        reviews: ['1', '2', '1'].map((id) => ({
          product: { id, place: { sign: `A-${id}` } },
          other: { available: 10, place: { guard: { name: 'Person p1' }, zone: { code: 'A' } } },
        })),
      },
    },
    {
      name: 'one entity twice in an answer, nested objects of which grow apart',
      operation: `{
        a: product(id: 1) { place { guard { name } } }
        b: product(id: 1) { place { guard { email } sign } }
      }`,
      data: {
        a: { place: { guard: { name: 'Person p1' } } },
        b: { place: { guard: { email: 'p1@shop' }, sign: 'A-1' } },
      },
    },
    {
      name: 'the same field under three names and arguments from variables',
      operation: `query ($l: String!) {
        reviews { product { en: name de: name(locale: "de") mine: name(locale: $l) } }
      }`,
      variables: { l: 'fr' },
      data: {
        reviews: ['1', '2', '1'].map((id) => ({
          product: { en: `Chair ${id}`, de: `Stuhl ${id}`, mine: `Chaise ${id}` },
        })),
      },
    },
    {
      name: 'fields that are needed as keys under other names',
      operation: '{ products { sku: id id: sku available } }',
      data: {
        products: [
          { sku: '1', id: 'S1', available: 10 },
          { sku: '2', id: 'S2', available: 20 },
        ],
      },
      gatewayErrs: 'It takes what the client calls so for the key.',
    },
    {
      name: 'the same field selected twice with other parts below',
      operation:
        '{ product(id: 1) { place { sign } } product(id: 1) { place { guard { id } } maker { id } } }',
      data: { product: { place: { sign: 'A-1', guard: { id: 'p1' } }, maker: { id: 'odd' } } },
    },
  ],
};
