import { type Graph, part } from './graph-case.ts';

type Good = {
  readonly id: string;
  readonly weight: number | null;
  readonly size: { readonly w: number; readonly h: number } | null;
  readonly media: object | null;
  readonly parts: readonly object[];
};

const goods: readonly Good[] = [
  {
    id: '1',
    weight: 2,
    size: { w: 3, h: 4 },
    media: { __typename: 'Image', url: 'i.png', width: 640, by: { __typename: 'Artist', id: 'a1' } },
    parts: [
      { name: 'leg', origin: { country: 'PT' } },
      { name: 'seat', origin: null },
    ],
  },
  {
    id: '2',
    weight: 5,
    size: { w: 1, h: 1 },
    media: { __typename: 'Video', url: 'v.mp4', seconds: 30, by: { __typename: 'Studio', name: 'S2' } },
    parts: [],
  },
  { id: '3', weight: null, size: null, media: null, parts: [{ name: 'lid', origin: { country: 'DE' } }] },
];

const find = (id: string) => goods.find((good) => good.id === id) ?? null;

const catalogue = part(
  'catalogue',
  `
  type Query { goods: [Good!]! good(id: ID!): Good }
  type Good @key(fields: "id") {
    id: ID!
    name: String! @shareable
    weight: Int
    size: Size
    media: Media
    parts: [Piece!]!
    price(currency: String! = "EUR"): Int!
  }
  type Size @shareable { w: Int! h: Int! }
  type Piece @shareable { name: String! origin: Origin }
  type Origin @shareable { country: String! }
  interface Media { url: String! by: Maker }
  type Image implements Media @shareable { url: String! width: Int! by: Maker }
  type Video implements Media @shareable { url: String! seconds: Int! by: Maker }
  union Maker = Artist | Studio
  type Artist @shareable { id: ID! }
  type Studio @shareable { name: String! }
  `,
  {
    Query: { goods: () => goods, good: (_: unknown, { id }: { id: string }) => find(id) },
    Good: {
      __resolveReference: ({ id }: { id: string }) => find(id),
      name: ({ id }: Good) => `Good ${id}`,
      price: ({ id }: Good, { currency }: { currency: string }) =>
        Number(id) * (currency === 'EUR' ? 100 : currency === 'USD' ? 110 : 9_999),
    },
  },
);

const asText = (value: unknown): string => JSON.stringify(value);

/** What it is told of a good is all it knows: what it answers shows what it was told. */
const told = (name: string) => (good: Readonly<Record<string, unknown>>) => asText(good[name]);

const shipping = part(
  'shipping',
  `
  type Query { featured: [Good!]! @provides(fields: "name") }
  type Good @key(fields: "id") {
    id: ID!
    name: String! @external
    weight: Int @external
    size: Size @external
    media: Media @external
    parts: [Piece!]! @external
    price(currency: String! = "EUR"): Int! @external
    estimate: Int @requires(fields: "weight size { w h }")
    label: String @requires(fields: "media { url ... on Image { width } ... on Video { seconds } }")
    credit: String @requires(fields: "media { ... on Image { by { ... on Artist { id } ... on Studio { name } } } ... on Video { by { ... on Studio { name } } } }")
    origins: String! @requires(fields: "parts { name origin { country } }")
    dutyUsd: Int! @requires(fields: "price(currency: \\"USD\\")")
    duty: Int! @requires(fields: "price")
  }
  type Size @shareable { w: Int! h: Int! }
  type Piece @shareable { name: String! origin: Origin }
  type Origin @shareable { country: String! }
  interface Media { url: String! by: Maker }
  type Image implements Media @shareable { url: String! width: Int! by: Maker }
  type Video implements Media @shareable { url: String! seconds: Int! by: Maker }
  union Maker = Artist | Studio
  type Artist @shareable { id: ID! }
  type Studio @shareable { name: String! }
  `,
  {
    Query: { featured: () => [{ id: '2', name: 'Good 2' }] },
    Good: {
      estimate: ({ weight, size }: Good) => (weight === null || !size ? null : weight * size.w * size.h),
      label: told('media'),
      credit: told('media'),
      origins: told('parts'),
      dutyUsd: ({ price }: { price: number }) => price / 10,
      duty: ({ price }: { price: number }) => price / 10,
    },
  },
);

/** Needs what shipping has worked out from what the catalogue knows. */
const billing = part(
  'billing',
  `
  type Good @key(fields: "id") {
    id: ID!
    estimate: Int @external
    dutyUsd: Int! @external
    total: Int @requires(fields: "estimate dutyUsd")
  }
  `,
  {
    Good: {
      total: ({ estimate, dutyUsd }: { estimate: number | null; dutyUsd: number }) =>
        estimate === null ? null : estimate + dutyUsd,
    },
  },
);

/** Fields that one subgraph works out from what another knows. */
export const requires: Graph = {
  name: 'requires',
  parts: [catalogue, shipping, billing],
  cases: [
    {
      name: 'scalars and objects, null ones included',
      operation: '{ goods { id estimate } }',
      data: {
        goods: [
          { id: '1', estimate: 24 },
          { id: '2', estimate: 5 },
          { id: '3', estimate: null },
        ],
      },
    },
    {
      name: 'that need what needs something else',
      operation: '{ goods { total } }',
      data: { goods: [{ total: 35 }, { total: 27 }, { total: null }] },
    },
    {
      name: 'parts of an abstract type, each type its own',
      operation: '{ goods { label } }',
      data: {
        goods: [
          { label: asText({ url: 'i.png', width: 640 }) },
          { label: asText({ url: 'v.mp4', seconds: 30 }) },
          { label: 'null' },
        ],
      },
    },
    {
      name: 'an abstract type within an abstract type',
      operation: '{ good(id: 2) { credit } }',
      data: {
        good: { credit: asText({ by: { name: 'S2' } }) },
      },
    },
    {
      name: 'lists of objects with nulls inside',
      operation: '{ goods { origins } }',
      data: {
        goods: [
          {
            origins: asText([
              { name: 'leg', origin: { country: 'PT' } },
              { name: 'seat', origin: null },
            ]),
          },
          { origins: '[]' },
          { origins: asText([{ name: 'lid', origin: { country: 'DE' } }]) },
        ],
      },
    },
    {
      name: 'a field with an argument, beside the same with another',
      operation: '{ goods { dutyUsd duty price(currency: "EUR") } }',
      data: {
        goods: [
          { dutyUsd: 11, duty: 10, price: 100 },
          { dutyUsd: 22, duty: 20, price: 200 },
          { dutyUsd: 33, duty: 30, price: 300 },
        ],
      },
      apolloErrs: 'It sends one of the two prices for both.',
    },
    {
      name: 'a field whose name the client gives to another',
      operation: '{ goods { weight: id size: price estimate } }',
      data: {
        goods: [
          { weight: '1', size: 100, estimate: 24 },
          { weight: '2', size: 200, estimate: 5 },
          { weight: '3', size: 300, estimate: null },
        ],
      },
      gatewayErrs: 'It takes what the client calls so for the field.',
    },
    {
      name: 'fields that the client asks for in part, and under other names',
      operation: '{ goods { size { w } wide: size { h } estimate w: weight } }',
      data: {
        goods: [
          { size: { w: 3 }, wide: { h: 4 }, estimate: 24, w: 2 },
          { size: { w: 1 }, wide: { h: 1 }, estimate: 5, w: 5 },
          { size: null, wide: null, estimate: null, w: null },
        ],
      },
    },
    {
      name: 'a provided field, and one that is not',
      operation: '{ featured { id name weight total } }',
      data: { featured: [{ id: '2', name: 'Good 2', weight: 5, total: 27 }] },
      apolloErrs: 'It asks for a field by the wrong argument, or not at all.',
    },
  ],
};
