import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

/** The graph that routers are compared on: three subgraphs, one page of products. */

const federation = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@listSize", "@requiresScopes", "@composeDirective"])
  @link(url: "https://storegraph.dev/cacheControl/v1.0", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
directive @cacheControl(maxAge: Int, inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT`;

export const page = `query Page($first: Int!) {
  products(first: $first) {
    id slug name description brand imageUrl rating reviews
    price { amountMinor currency } taxIncluded
    stock { available isLow } deliveryDays
  }
}`;

/** What of it anybody may see, of a field whose answers may be kept. */
export const keptPage = page.replace('products(', 'products: kept(').replace(' deliveryDays', '');

/** As many as the largest page that is measured. */
export const maxProducts = 2_400;

type Item = { readonly __typename: 'Product'; readonly id: string };
const items: readonly Item[] = Array.from({ length: maxProducts }, (_, n) => ({
  __typename: 'Product',
  id: `prod_${n + 1}`,
}));
const numberOf = ({ id }: Item): number => Number(id.slice(5));

const catalogueFields = {
  slug: (item: Item) => `trail-boot-${numberOf(item)}`,
  name: (item: Item) => `Trail boot ${numberOf(item)}`,
  description: () => 'A boot for long days on stony paths, with a "grip" that holds when it is wet.',
  brand: () => 'Northway',
  imageUrl: (item: Item) => `/media/trail-boot-${numberOf(item)}.svg`,
  rating: (item: Item) => 3 + (numberOf(item) % 20) / 10,
  reviews: (item: Item) => numberOf(item) * 3,
};
const pricingFields = {
  price: (item: Item) => ({ amountMinor: 9_900 + numberOf(item), currency: 'EUR' }),
  taxIncluded: () => true,
};
const stockFields = {
  stock: (item: Item) => ({ available: numberOf(item) % 50, isLow: numberOf(item) % 50 < 5 }),
  deliveryDays: (item: Item) => 1 + (numberOf(item) % 4),
};
const products = (_root: unknown, { first }: { first: number }) => items.slice(0, first);
const query = { products, kept: products };
const resolved = { Product: { __resolveReference: (item: Item) => item } };

const sized = `@listSize(slicingArguments: ["first"])`;
const catalogueSdl = `slug: String! name: String! description: String brand: String! imageUrl: String! rating: Float! reviews: Int!`;
const pricingSdl = `price: Price! taxIncluded: Boolean!`;
const stockSdl = `stock: Stock! deliveryDays: Int!`;
const guard = '@requiresScopes(scopes: [["stock:read"]])';
const price = `type Price @cacheControl(inheritMaxAge: true) { amountMinor: Int! currency: String! }`;
const stock = `type Stock @cacheControl(inheritMaxAge: true) { available: Int! isLow: Boolean! }`;

const subgraph = (name: string, sdl: string, resolvers: object) => ({
  name,
  typeDefs: parse(`${federation} ${sdl}`),
  resolvers: { ...resolvers },
});

const subgraphsWith = (guardSdl: string) => [
  subgraph(
    'catalogue',
    `type Query { products(first: Int!): [Product!]! ${sized} kept(first: Int!): [Product!]! ${sized} @cacheControl(maxAge: 600) } type Product @cacheControl(inheritMaxAge: true) @key(fields: "id") { id: ID! ${catalogueSdl} }`,
    { Query: query, Product: { ...resolved.Product, ...catalogueFields } },
  ),
  subgraph(
    'pricing',
    `type Product @cacheControl(inheritMaxAge: true) @key(fields: "id") { id: ID! ${pricingSdl} } ${price}`,
    {
      Product: { ...resolved.Product, ...pricingFields },
    },
  ),
  subgraph(
    'inventory',
    `type Product @cacheControl(inheritMaxAge: true) @key(fields: "id") { id: ID! ${stockSdl} ${guardSdl} } ${stock}`,
    {
      Product: { ...resolved.Product, ...stockFields },
    },
  ),
];

/** One of the fields may not be seen by everybody. */
export const subgraphs = subgraphsWith(guard);

/** The same for `@apollo/gateway`, which refuses graphs that guard their fields. */
export const openSubgraphs = subgraphsWith('');

/** The supergraph of these subgraphs, which are reached at these addresses. */
export const compose = (urls: readonly string[], of = subgraphs): string => {
  const services = of.map(({ name, typeDefs }, at) => ({ name, typeDefs, url: urls[at] ?? '' }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(String(errors));
  return supergraphSdl;
};

/** The same as one graph, without a router. */
export const monolith = {
  typeDefs: parse(`directive @cacheControl(inheritMaxAge: Boolean) on OBJECT
    type Query { products(first: Int!): [Product!]! kept(first: Int!): [Product!]! }
    type Product { id: ID! ${catalogueSdl} ${pricingSdl} ${stockSdl} } ${price} ${stock}`),
  resolvers: { Query: query, Product: { ...catalogueFields, ...pricingFields, ...stockFields } },
};
