import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  graphqlSync,
  type IntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engine.ts';
import { inputs } from './cases-inputs.ts';
import { keys } from './cases-keys.ts';
import { createGateway } from './gateway-for-tests.ts';
import { graphs } from './graphs.ts';
import { ask, composeParts, openStand, planners, type Stand } from './stand-for-tests.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const textOf = (sdl: string): string => printSchema(lexicographicSortSchema(buildSchema(sdl)));

test.each(graphs)('both planners let clients see the same schema of $name', ({ parts }) => {
  const supergraphSdl = composeParts(parts);
  expect(textOf(planners.hive(supergraphSdl).publicSdl)).toBe(
    textOf(planners.apollo(supergraphSdl).publicSdl),
  );
});

test('what is hidden is not in it', () => {
  const text = planners.hive(composeParts(inputs.parts)).publicSdl;
  for (const hidden of ['HIDDEN', 'Dog', 'secret', 'hidden', 'code', 'join__', 'inaccessible'])
    expect(text).not.toContain(hidden);
});

describe.each(['hive', 'apollo'] as const)('planned by %s', (planner) => {
  let stand: Stand;
  let engine: Engine;
  beforeAll(async () => {
    stand = await openStand(keys);
    engine = stand.engine(planner, 'local');
  });
  afterAll(() => stand.stop());

  test('the schema tells all of itself', async () => {
    const { data, errors } = await ask(engine, getIntrospectionQuery());
    expect(errors).toEqual([]);
    expect(data).toEqual(plain(graphqlSync({ schema: engine.schema, source: getIntrospectionQuery() }).data));
    expect(printSchema(buildClientSchema(data as IntrospectionQuery))).toBe(printSchema(engine.schema));
  });

  test('together with data, in the order it was asked for', async () => {
    const { data, errors } = await ask(
      engine,
      `query ($name: String!, $yes: Boolean!) {
        product(id: 1) { available }
        kind: __type(name: $name) { name fields { name type { kind ofType { name } } } }
        __typename
        __schema { queryType { name kind: __typename } mutationType @include(if: $yes) { name } }
        none: __type(name: "Nothing") { name }
        ... on Query { again: __type(name: "Maker") { ...named } }
        self: __typename
      }
      fragment named on __Type { name }`,
      { name: 'Zone', yes: true },
    );
    expect(errors).toEqual([]);
    expect(JSON.stringify(data)).toBe(
      JSON.stringify({
        product: { available: 10 },
        kind: {
          name: 'Zone',
          fields: [{ name: 'code', type: { kind: 'NON_NULL', ofType: { name: 'String' } } }],
        },
        __typename: 'Query',
        __schema: { queryType: { name: 'Query', kind: '__Type' }, mutationType: null },
        none: null,
        again: { name: 'Maker' },
        self: 'Query',
      }),
    );
  });

  test('nothing but its own name asks no subgraph', async () => {
    expect(await ask(engine, '{ a: __typename __typename }')).toEqual({
      data: { a: 'Query', __typename: 'Query' },
      errors: [],
    });
  });

  test('is what @apollo/gateway says of it', async () => {
    const query = '{ __type(name: "Product") { kind name fields { name args { name defaultValue } } } }';
    expect((await ask(engine, query)).data).toEqual((await createGateway(stand)(query)).data);
  });
});
