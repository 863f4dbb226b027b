import { type Graph, part } from './graph-case.ts';

/** Everyone says who it was that answered. */
const says = (who: string, ...fields: readonly string[]) =>
  Object.fromEntries(fields.map((field) => [field, ({ id }: { id: string }) => `${who} ${id}`]));

const old = part(
  'old',
  `
  type Query { offer: Offer offers: [Offer!]! }
  type Offer @key(fields: "id") {
    id: ID!
    title: String!
    price: String!
    stock: String!
    image: String! @shareable
    seller: String!
    both: String! @shareable
  }
  `,
  {
    Query: { offer: () => ({ id: '1' }), offers: () => [{ id: '1' }, { id: '2' }] },
    Offer: says('old', 'title', 'price', 'stock', 'image', 'seller', 'both'),
  },
);

const fresh = part(
  'fresh',
  `
  type Offer @key(fields: "id") {
    id: ID!
    price: String! @override(from: "old")
    stock: String! @override(from: "old", label: "percent(100)")
    title: String! @override(from: "old", label: "percent(0)")
    seller: String! @override(from: "old", label: "new-seller")
    image: String! @override(from: "old", label: "new-image")
    both: String! @shareable
  }
  `,
  { Offer: says('fresh', 'price', 'stock', 'title', 'seller', 'image', 'both') },
);

/** Needs a field that has moved. */
const tax = part(
  'tax',
  `
  type Offer @key(fields: "id") {
    id: ID!
    price: String! @external
    tax: String! @requires(fields: "price")
  }
  `,
  { Offer: { tax: ({ price }: { price: string }) => `tax of ${price}` } },
);

/** Fields that have moved from one subgraph to another, for all requests or for some. */
export const overrides: Graph = {
  name: 'overrides',
  parts: [old, fresh, tax],
  labels: ['new-image'],
  cases: [
    {
      name: 'a field that has moved',
      operation: '{ offer { id price } }',
      data: { offer: { id: '1', price: 'fresh 1' } },
    },
    {
      name: 'a field that needs one that has moved',
      operation: '{ offers { tax } }',
      data: { offers: [{ tax: 'tax of fresh 1' }, { tax: 'tax of fresh 2' }] },
    },
    {
      name: 'for all requests and for none',
      operation: '{ offer { stock title } }',
      data: { offer: { stock: 'fresh 1', title: 'old 1' } },
      gatewayErrs: 'It has no shares: whoever runs it decides them.',
    },
    {
      name: 'by a label that holds, and by one that does not',
      operation: '{ offer { image seller } }',
      data: { offer: { image: 'fresh 1', seller: 'old 1' } },
    },
    {
      name: 'a field that both have, from where the object is',
      operation: '{ offer { both id } }',
      data: { offer: { both: 'old 1', id: '1' } },
    },
  ],
};
