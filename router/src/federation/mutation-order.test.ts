import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { part } from './graph-case.ts';
import { ask, openStand, type Stand } from './stand-for-tests.ts';

type Id = { readonly id: string };

/** What the subgraphs did, in order. */
let calls: string[] = [];

const note = <T>(call: string, value: T): T => {
  calls.push(call);
  return value;
};

/** Answers later than whatever is there at once. */
const later = <T>(call: string, value: T): Promise<T> =>
  new Promise((resolve) => setImmediate(() => resolve(note(call, value))));

const parts = [
  part(
    'orders',
    `
    type Query { ok: Boolean }
    type Mutation { place(id: ID!): Order cancel(id: ID!): Order }
    type Order @key(fields: "id") { id: ID! item: Item! }
    type Item @key(fields: "id") { id: ID! }
    `,
    {
      Mutation: {
        place: (_: unknown, { id }: Id) => note(`place ${id}`, { id }),
        cancel: (_: unknown, { id }: Id) => note(`cancel ${id}`, { id }),
      },
      Order: { item: ({ id }: Id) => ({ id: `item-${id}` }) },
    },
  ),
  part(
    'stock',
    `
    type Mutation { restock(id: ID!): Item }
    type Item @key(fields: "id") { id: ID! available: Int! shelf: Shelf! }
    type Shelf @key(fields: "id") { id: ID! }
    `,
    {
      Mutation: { restock: (_: unknown, { id }: Id) => note(`restock ${id}`, { id }) },
      Item: {
        available: ({ id }: Id) => later(`available ${id}`, 1),
        shelf: ({ id }: Id) => ({ id: `shelf-${id}` }),
      },
    },
  ),
  part('halls', 'type Shelf @key(fields: "id") { id: ID! sign: String! }', {
    Shelf: { sign: ({ id }: Id) => later(`sign ${id}`, id) },
  }),
];

let stand: Stand;
beforeAll(async () => {
  stand = await openStand({ parts });
});
afterAll(() => stand.stop());

describe.each(['hive', 'apollo'] as const)('planned by %s', (planner) => {
  test.each(['local', 'http'] as const)(
    'one field is finished before the next begins, over %s',
    async (reach) => {
      const engine = stand.engine(planner, reach);
      calls = [];
      const { data, errors } = await ask(
        engine,
        `mutation {
        a: place(id: 1) { item { available shelf { sign } } }
        restock(id: 2) { shelf { sign } available }
        b: place(id: 3) { id item { available } }
        cancel(id: 4) { item { shelf { sign } } }
        c: place(id: 5) { id }
      }`,
      );
      expect(errors).toEqual([]);
      expect(data).toEqual({
        a: { item: { available: 1, shelf: { sign: 'shelf-item-1' } } },
        restock: { shelf: { sign: 'shelf-2' }, available: 1 },
        b: { id: '3', item: { available: 1 } },
        cancel: { item: { shelf: { sign: 'shelf-item-4' } } },
        c: { id: '5' },
      });
      expect(calls).toEqual([
        ...['place 1', 'available item-1', 'sign shelf-item-1'],
        ...['restock 2', 'available 2', 'sign shelf-2'],
        ...['place 3', 'available item-3'],
        ...['cancel 4', 'sign shelf-item-4'],
        'place 5',
      ]);
    },
  );
});
