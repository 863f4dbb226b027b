import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../engine.ts';
import { isAnswer } from '../run/answer.ts';
import { part } from './graph-case.ts';
import { newCall, openStand, type Said, type Stand, said } from './stand-for-tests.ts';

type Id = { readonly id: string };

async function* changes(_: unknown, { ids }: { ids: readonly string[] }) {
  for (const id of ids) yield { id };
}

const parts = [
  part(
    'stock',
    `
    type Query { ok: Boolean }
    type Subscription {
      changed(ids: [ID!]!): Change
      surely(ids: [ID!]!): Change!
      refused: Change
    }
    type Change { cursor: ID! item: Item things: [Thing!] }
    union Thing = Item | Note
    type Note { text: String! }
    type Item @key(fields: "id") { id: ID! available: Int! }
    `,
    {
      Subscription: {
        changed: { subscribe: changes, resolve: ({ id }: Id) => (id === 'none' ? null : { id }) },
        surely: { subscribe: changes, resolve: ({ id }: Id) => (id === 'none' ? null : { id }) },
        refused: {
          subscribe: () => {
            throw new GraphQLError('Not now.', { extensions: { code: 'NOT_NOW' } });
          },
        },
      },
      Change: {
        cursor: ({ id }: Id) => id,
        item: ({ id }: Id) => ({ id }),
        things: ({ id }: Id) => [
          { __typename: 'Note', text: 'n' },
          { __typename: 'Item', id },
        ],
      },
      Item: { available: ({ id }: Id) => Number(id) },
    },
  ),
  part(
    'catalogue',
    'type Item @key(fields: "id") { id: ID! name(locale: String = "en"): String maker: Maker } type Maker @key(fields: "id") { id: ID! }',
    {
      Item: {
        name: ({ id }: Id, { locale }: { locale: string }) => {
          if (id === '2') throw new GraphQLError('It has no name.', { extensions: { code: 'NAMELESS' } });
          return `Item ${id} ${locale}`;
        },
        maker: ({ id }: Id) => ({ id: `m${id}` }),
      },
    },
  ),
  part('makers', 'type Maker @key(fields: "id") { id: ID! title: String! }', {
    Maker: { title: ({ id }: Id) => `Maker ${id}` },
  }),
];

/** All that is said until the stream ends. */
const follow = async (engine: Engine, text: string, variables = {}): Promise<Said[]> => {
  const prepared = engine.prepare(text);
  if (isAnswer(prepared)) throw new Error(prepared.body);
  const coerced = prepared.coerce(variables);
  if ('errors' in coerced) throw new Error(JSON.stringify(coerced.errors));
  const source = await engine.subscribe(prepared, coerced.values, newCall());
  if (isAnswer(source)) return [said(JSON.parse(source.body))];
  const all: Said[] = [];
  for await (const { body } of source) all.push(said(JSON.parse(body)));
  return all;
};

let stand: Stand;
beforeAll(async () => {
  stand = await openStand({ parts });
});
afterAll(() => stand.stop());

const engines = (['hive', 'apollo'] as const).flatMap((planner) =>
  (['local', 'http'] as const).map((reach) => ({ planner, reach })),
);

describe.each(engines)('planned by $planner, over $reach', ({ planner, reach }) => {
  let engine: Engine;
  beforeAll(() => {
    engine = stand.engine(planner, reach);
  });

  test('each event has the fields of other subgraphs, several hops away', async () => {
    const text = `subscription ($ids: [ID!]!, $l: String!, $no: Boolean = false) {
      c: changed(ids: $ids) {
        __typename
        cursor @skip(if: $no)
        item { available constructor: name(locale: $l) maker { title } }
        things { ... on Item { name } ... on Note { text @include(if: $no) } }
      }
    }`;
    const event = (id: string) => ({
      data: {
        c: {
          __typename: 'Change',
          cursor: id,
          item: { available: Number(id), constructor: `Item ${id} de`, maker: { title: `Maker m${id}` } },
          things: [{}, { name: `Item ${id} en` }],
        },
      },
      errors: [],
    });
    expect(await follow(engine, text, { ids: ['1', '3', '4'], l: 'de' })).toEqual(['1', '3', '4'].map(event));
  });

  test('a failure is of its event alone, at its place', async () => {
    expect(await follow(engine, 'subscription { changed(ids: [1, 2, 3]) { item { id name } } }')).toEqual([
      { data: { changed: { item: { id: '1', name: 'Item 1 en' } } }, errors: [] },
      { data: { changed: { item: { id: '2', name: null } } }, errors: ['changed.item.name NAMELESS'] },
      { data: { changed: { item: { id: '3', name: 'Item 3 en' } } }, errors: [] },
    ]);
  });

  test('an event may be nothing', async () => {
    expect(await follow(engine, 'subscription { changed(ids: ["none", 1]) { item { name } } }')).toEqual([
      { data: { changed: null }, errors: [] },
      { data: { changed: { item: { name: 'Item 1 en' } } }, errors: [] },
    ]);
    const [first, second] = await follow(
      engine,
      'subscription { surely(ids: ["none", 1]) { item { name } } }',
    );
    expect(first).toEqual({ data: null, errors: ['surely INTERNAL_SERVER_ERROR'] });
    expect(second?.errors).toEqual([]);
  });

  test('what does not open says why', async () => {
    const answers = await follow(engine, 'subscription { refused { cursor } }');
    expect(answers.map(({ errors }) => errors)).toEqual([['refused NOT_NOW']]);
  });
});
