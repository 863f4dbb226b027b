import { buildSchema, GraphQLError, type GraphQLSchema, isObjectType } from 'graphql';
import { type Graph, part } from './graph-case.ts';

/** Whatever a field answers can be worked out from the id of its object, so that it matters to nobody who is asked. */
type Id = { readonly id: string };
type Fields = Record<string, (of: Id, args: never) => unknown>;

const numberOf = ({ id }: Id): number => Number(id.slice(1));
const kindOf = (id: string) => ({ p: 'Product', s: 'Service', m: 'Maker' })[id[0] ?? ''] ?? 'Place';
const thing = (id: string) => ({ __typename: kindOf(id), id });
const next = (of: Id, letter: string, by = 1) => thing(`${letter}${(numberOf(of) + by) % 7}`);

const priceOf = (of: Id, currency: string): number => numberOf(of) * (currency === 'EUR' ? 100 : 110);
const availableOf = (of: Id): number => numberOf(of) * 10;

const labelled = (of: Id, { upper }: { upper: boolean }) =>
  upper ? of.id.toUpperCase() : `label of ${of.id}`;

const failing = (of: Id): string => {
  if (numberOf(of) % 3 === 2) throw new GraphQLError('It failed.', { extensions: { code: 'FAILED' } });
  return `safe ${of.id}`;
};

const query = {
  product: (_: unknown, { id }: Id) => (id === 'p9' ? null : thing(id)),
  products: (_: unknown, { first }: { first: number }) =>
    Array.from({ length: first }, (_one, at) => thing(`p${at}`)),
  nodes: () => ['p1', 's2', null, 'p3', 's1'].map((id) => id && thing(id)),
  hits: () => ['m1', 'p2', 's3'].map(thing),
  service: () => thing('s4'),
};

const reviewsQuery = { latest: () => ['r1', 'r5', 'r1'].map((id) => ({ id })), maker: () => thing('m3') };
const ratingsQuery = { best: () => ({ id: 'p4' }), ranked: () => [{ id: 's1' }, { id: 'p2' }, { id: 'p1' }] };

const nodeFields: Fields = { label: labelled };

const catalogueFields: Record<string, Fields> = {
  Product: {
    ...nodeFields,
    kind: (of) => (numberOf(of) % 2 === 0 ? 'WARE' : 'PART'),
    maker: (of) => (numberOf(of) === 3 ? null : next(of, 'm')),
    price: (of, { currency }: { currency: string }) => priceOf(of, currency),
    related: (of) => [next(of, 'p'), null, next(of, 'p', 2)],
    grid: (of) => [[next(of, 'p')], null, [next(of, 'p', 3), next(of, 'p', 4)]],
  },
  Service: { ...nodeFields, hours: (of) => numberOf(of) + 0.5, maker: (of) => next(of, 'm', 2) },
  Maker: { name: (of) => `Maker ${of.id}` },
};

const stockFields: Record<string, Fields> = {
  Product: {
    available: availableOf,
    places: (of) => [0, 1].map((by) => ({ id: `l${(numberOf(of) + by) % 5}` })),
    risky: failing,
  },
  Place: {
    hall: (of) => `Hall ${of.id}`,
    shelf: (of, { side }: { side?: string | null }) => (side === null ? null : `${side ?? 'left'} ${of.id}`),
    holds: (of) => [next(of, 'p'), next(of, 'p', 2)],
    keeper: (of) => next(of, 'm'),
  },
};

const reviewsFields: Record<string, Fields> = {
  Product: {
    reviews: (of, { first }: { first: number }) =>
      Array.from({ length: first }, (_, at) => ({ id: `r${numberOf(of) + at}` })),
  },
  Service: { reviews: (of) => (numberOf(of) === 2 ? null : [{ id: `r${numberOf(of)}` }]) },
  Review: {
    stars: (of) => (numberOf(of) % 5) + 1,
    about: (of) => (numberOf(of) % 2 === 0 ? next(of, 'p') : next(of, 's')),
    author: (of) => next(of, 'm'),
    text: (of) => (numberOf(of) === 5 ? null : `text ${of.id}`),
  },
  Maker: { boss: (of) => (numberOf(of) > 4 ? null : next(of, 'm')), must: failing },
};

const ratingsFields: Fields = { rating: (of, { of: most }: { of: number }) => most - (numberOf(of) % 3) };

const enums = 'enum Kind { WARE PART } enum Currency { EUR USD }';

const catalogue = part(
  'catalogue',
  `
  type Query {
    product(id: ID!): Product
    products(first: Int! = 3): [Product!]!
    nodes: [Node]
    hits: [Hit!]!
    service: Service
  }
  interface Node @key(fields: "id") { id: ID! label(upper: Boolean! = false): String! }
  type Product implements Node @key(fields: "id") {
    id: ID!
    label(upper: Boolean! = false): String!
    kind: Kind!
    maker: Maker
    price(currency: Currency! = EUR): Int!
    related: [Product]
    grid: [[Product!]]
  }
  type Service implements Node @key(fields: "id") { id: ID! label(upper: Boolean! = false): String! hours: Float maker: Maker! }
  type Maker @key(fields: "id") { id: ID! name: String! }
  union Hit = Product | Service | Maker
  ${enums}
  `,
  {
    Query: query,
    ...catalogueFields,
    Node: { __resolveReference: ({ id }: Id) => thing(id) },
  },
);

const stock = part(
  'stock',
  `
  type Product @key(fields: "id") { id: ID! available: Int! places: [Place!]! risky: String! }
  type Place @key(fields: "id") { id: ID! hall: String! shelf(side: String): String holds: [Product!]! keeper: Maker! }
  type Maker @key(fields: "id", resolvable: false) { id: ID! }
  `,
  stockFields,
);

const reviews = part(
  'reviews',
  `
  type Query { latest: [Review!]! maker: Maker! }
  type Product @key(fields: "id") {
    id: ID!
    available: Int! @external
    price(currency: Currency! = EUR): Int! @external
    reviews(first: Int! = 2): [Review!]
    score: Int @requires(fields: "available price(currency: USD)")
  }
  type Service @key(fields: "id") { id: ID! reviews: [Review!] }
  type Review { id: ID! stars: Int! text: String about: Hit author: Maker! }
  type Maker @key(fields: "id") { id: ID! boss: Maker must: String! }
  union Hit = Product | Service
  enum Currency { EUR USD }
  `,
  {
    Query: reviewsQuery,
    ...reviewsFields,
    Product: {
      ...reviewsFields['Product'],
      score: ({ available, price }: { available: number; price: number }) => available + price,
    },
  },
);

const ratings = part(
  'ratings',
  `
  type Query { best: Node ranked: [Node!]! }
  type Node @key(fields: "id") @interfaceObject { id: ID! rating(of: Int! = 5): Int! }
  `,
  { Query: ratingsQuery, Node: ratingsFields },
);

/** A graph with some of everything, over four subgraphs. */
export const distributed: Pick<Graph, 'parts'> = { parts: [catalogue, stock, reviews, ratings] };

const resolversOf: Record<string, object> = {
  Query: {
    ...query,
    ...reviewsQuery,
    best: () => thing('p4'),
    ranked: () => ['s1', 'p2', 'p1'].map(thing),
  },
  Product: {
    ...{
      ...catalogueFields['Product'],
      ...stockFields['Product'],
      ...reviewsFields['Product'],
      ...ratingsFields,
    },
    score: (of: Id) => availableOf(of) + priceOf(of, 'USD'),
  },
  Service: { ...catalogueFields['Service'], ...reviewsFields['Service'], ...ratingsFields },
  Maker: { ...catalogueFields['Maker'], ...reviewsFields['Maker'] },
  Place: { ...stockFields['Place'] },
  Review: { ...reviewsFields['Review'] },
};

/** The same graph in one piece, to be run by graphql-js. */
export const monolith = (publicSdl: string): GraphQLSchema => {
  const schema = buildSchema(publicSdl, { assumeValid: true });
  for (const [name, resolvers] of Object.entries(resolversOf)) {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(`The graph has no type ${name}.`);
    for (const [field, resolve] of Object.entries(resolvers)) {
      const defined = type.getFields()[field];
      if (!defined) throw new Error(`${name} has no field ${field}.`);
      defined.resolve = resolve;
    }
  }
  return schema;
};
