import { parse, printSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compose, composeRepository, publicGraph, writeSupergraph } from './compose.ts';

const federated = (sdl: string) =>
  parse(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) ${sdl}`);
const shop = {
  name: 'shop',
  typeDefs: federated('type Query { item: Item } type Item @key(fields: "id") { id: ID! }'),
};
const stock = { name: 'stock', typeDefs: federated('type Item @key(fields: "id") { id: ID! left: Int! }') };

describe('compose', () => {
  test('gives the same text whatever order the subgraphs come in', () => {
    const { supergraphSdl } = compose([shop, stock]);
    expect(supergraphSdl).toContain('@join__graph(name: "stock", url: "http://stock:4001/graphql")');
    expect(compose([stock, shop])).toEqual({ supergraphSdl });
  });

  test('says each problem in a sentence of one line', () => {
    const other = {
      name: 'other',
      typeDefs: federated('type Query { item: Int } type Item @key(fields: "nr") { id: ID! }'),
    };
    const { problems = [] } = compose([shop, other]);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^\[\w+\] [^\n]+[.!?]$/);
  });
});

test('the public graph holds nothing that only routers read', () => {
  const { supergraphSdl = '' } = compose([shop, stock]);
  const sdl = printSchema(publicGraph(supergraphSdl));
  expect(sdl).toContain('left: Int!');
  expect(sdl).not.toMatch(/join__|link__|_entities/);
});

describe('the repository', () => {
  test('composes', () => {
    expect(composeRepository().problems).toBeUndefined();
  });

  test('has its supergraph committed as it composes', () => {
    expect(writeSupergraph({ check: true })).toEqual([]);
  });
});
