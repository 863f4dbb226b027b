import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInventory, type TestInventory } from './inventory-fixture.ts';
import { seedStock } from './seed.ts';

let shop: TestInventory;
let ids: string[];
let pieces: number;
beforeAll(async () => {
  shop = await openInventory();
  ids = (await shop.variants(1_000)).map(({ id }) => id);
  pieces = await seedStock(shop.db);
});
afterAll(() => shop.stop());

const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on ProductVariant { stock { status available policy lowStockThreshold preorderUntil byWarehouse { onHand version } } }
} }`;
const stocks = async (): Promise<
  { status: string; available: number; policy: string; byWarehouse: { version: number }[] }[]
> => {
  const representations = ids.map((id) => ({ __typename: 'ProductVariant', id }));
  const { _entities } = await shop.ask(query, { representations });
  return _entities.map(({ stock }: { stock: unknown }) => stock);
};

test('a seeded shop has something in every state, in three warehouses, and keeps every invariant', async () => {
  const seeded = await stocks();
  expect(new Set(seeded.map(({ status }) => status))).toEqual(
    new Set(['IN_STOCK', 'LOW', 'OUT_OF_STOCK', 'BACKORDER', 'PREORDER']),
  );
  expect(seeded.reduce((sum, { available }) => sum + available, 0)).toBe(pieces);
  const { warehouses } = await shop.ask('{ warehouses { code } }');
  expect(warehouses.map(({ code }: { code: string }) => code)).toEqual(['BER1', 'AMS1', 'NYC1']);
  expect(await shop.broken()).toEqual({});
});

test('a further call stocks what is new and touches nothing of the rest', async () => {
  const before = await stocks();
  expect(await shop.factsOf(() => seedStock(shop.db))).toEqual([]);
  const [added] = await shop.variants();
  const facts = await shop.factsOf(() => seedStock(shop.db));
  for (const { variantId } of facts) expect(variantId).toBe(added?.id);
  expect(await stocks()).toEqual(before);
});

test('it gives up when it is told to', async () => {
  await shop.variants();
  await expect(seedStock(shop.db, { signal: AbortSignal.abort() })).rejects.toThrow('aborted');
});
