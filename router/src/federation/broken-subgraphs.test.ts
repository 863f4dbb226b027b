import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type Engine } from '../engine.ts';
import type { SubgraphAnswer, Transport } from '../reach/transport.ts';
import { part } from './graph-case.ts';
import { ask, openStand, planners, type Stand } from './stand-for-tests.ts';

type Id = { readonly id: string };

const parts = [
  part(
    'shop',
    'type Query { good: Good goods: [Good!]! sure: Good! } type Good @key(fields: "id") { id: ID! }',
    {
      Query: {
        good: () => ({ id: '1' }),
        goods: () => [{ id: '1' }, { id: '2' }],
        sure: () => ({ id: '1' }),
      },
    },
  ),
  part('prices', 'type Query { best: Good } type Good @key(fields: "id") { id: ID! price: Int tax: Int! }', {
    Query: { best: () => ({ id: '2' }) },
    Good: { price: () => 5, tax: () => 1 },
  }),
  part('names', 'type Good @key(fields: "id") { id: ID! name: String! }', {
    Good: { name: ({ id }: Id) => `Good ${id}` },
  }),
];

let stand: Stand;

beforeEach(async () => {
  stand = await openStand({ parts });
});
afterEach(() => stand.stop());

describe.each(['hive', 'apollo'] as const)('a subgraph that is gone, planned by %s', (planner) => {
  let engine: Engine;
  beforeEach(async () => {
    engine = stand.engine(planner, 'http');
    await stand.cut('prices');
  });

  test('leaves what the others know', async () => {
    expect(await ask(engine, '{ best { name } goods { id name price } }')).toEqual({
      data: {
        best: null,
        goods: [
          { id: '1', name: 'Good 1', price: null },
          { id: '2', name: 'Good 2', price: null },
        ],
      },
      errors: ['best SUBGRAPH_UNREACHABLE', 'goods SUBGRAPH_UNREACHABLE'],
    });
  });

  test('takes with it what must not be null, and is told once', async () => {
    expect(await ask(engine, '{ good { tax } sure { name } }')).toEqual({
      data: { good: null, sure: { name: 'Good 1' } },
      errors: ['good SUBGRAPH_UNREACHABLE'],
    });
    expect(await ask(engine, '{ sure { tax } }')).toEqual({
      data: null,
      errors: ['sure SUBGRAPH_UNREACHABLE'],
    });
  });

  test('is told at every place that it was asked for', async () => {
    const { data, errors } = await ask(engine, '{ good { price } goods { price } }');
    expect(data).toEqual({ good: { price: null }, goods: [{ price: null }, { price: null }] });
    expect(errors).toEqual(['good SUBGRAPH_UNREACHABLE', 'goods SUBGRAPH_UNREACHABLE']);
  });

  test('does not keep the others from being asked', async () => {
    expect(await ask(engine, '{ good { name } }')).toEqual({
      data: { good: { name: 'Good 1' } },
      errors: [],
    });
  });
});

/** A subgraph that answers something of its own making to everything it is asked for entities. */
const answering = (transport: Transport, answer: (asked: number) => SubgraphAnswer): Transport => ({
  ...transport,
  fetch: async (subquery, variables, call) => {
    const lists = Object.values(variables).filter(Array.isArray);
    return lists.length > 0 ? answer(lists[0]?.length ?? 0) : transport.fetch(subquery, variables, call);
  },
});

describe.each(['hive', 'apollo'] as const)('half an answer, planned by %s', (planner) => {
  const over = (answer: (asked: number) => SubgraphAnswer): Engine => {
    const transports = stand
      .transports('local')
      .map((transport) => (transport.name === 'prices' ? answering(transport, answer) : transport));
    return createEngine({ supergraphSdl: stand.supergraphSdl, transports, createPlanner: planners[planner] });
  };
  const nothing = { goods: [{ price: null }, { price: null }] };

  test.each([
    ['fewer entities than were asked for', { _entities: [{ price: 5 }] }],
    ['more of them', { _entities: [{ price: 5 }, { price: 6 }, { price: 7 }] }],
    ['no list', { _entities: { price: 5 } }],
    ['something else', { other: 1 }],
  ])('of %s is not taken for the truth', async (_what, data) => {
    expect(
      await ask(
        over(() => ({ data })),
        '{ goods { price } }',
      ),
    ).toEqual({
      data: nothing,
      errors: ['goods SUBGRAPH_GARBAGE'],
    });
  });

  test('that is not of its type is null, and told where it is', async () => {
    const engine = over(() => ({ data: { _entities: [{ price: 'much' }, { price: 5 }] } }));
    expect(await ask(engine, '{ goods { price } }')).toEqual({
      data: { goods: [{ price: null }, { price: 5 }] },
      errors: ['goods.0.price SUBGRAPH_ERROR'],
    });
  });

  test('with an entity that is not there is no error', async () => {
    const engine = over(() => ({ data: { _entities: [null, { price: 5 }] } }));
    expect(await ask(engine, '{ goods { price } }')).toEqual({
      data: { goods: [{ price: null }, { price: 5 }] },
      errors: [],
    });
  });

  test.each([
    ['no path', undefined],
    ['one that leads nowhere', ['_entities', 9, 'price']],
    ['one that is none', ['_entities', { at: 1 }] as never],
  ])('with an error that has %s is told', async (_what, path) => {
    const error = { message: 'Something.', path, extensions: { code: 'SOMETHING' } };
    const { data, errors } = await ask(
      over((asked) => ({ data: { _entities: Array(asked).fill(null) }, errors: [error] })),
      '{ goods { price } }',
    );
    expect(data).toEqual(nothing);
    expect(errors).toEqual(['goods SOMETHING']);
  });
});
