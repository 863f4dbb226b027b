import { randomUUID } from 'node:crypto';
import { connect, type Database } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openInventory, type TestInventory } from './inventory-fixture.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { openWarehouses } from './warehouse-service.ts';

let shop: TestInventory;
let db: Database;
beforeAll(async () => {
  shop = await openInventory();
  db = connect({ url: shop.url, schema: 'inventory', name: 'loaders', statementConnections: 1 });
});
afterAll(async () => {
  await db.close();
  await shop.stop();
});

/** What a connection keeps prepared, which it does for as long as it lives. */
const prepared = async (): Promise<number> => {
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int from pg_prepared_statements`);
  return row?.count ?? 0;
};

const loads: Record<string, (loaders: Loaders, ids: string[]) => Promise<unknown>> = {
  stock: ({ stock }, ids) => stock.loadMany(ids.map((variantId) => ({ variantId, region: null }))),
  warehouse: ({ warehouse }, ids) => warehouse.loadMany(ids),
  reservation: ({ reservation }, ids) => reservation.loadMany(ids),
};

it.each(Object.keys(loads))('%s has one statement, however many are asked for', async (name) => {
  const warehouses = await openWarehouses(db);
  const before = await prepared();
  for (let count = 1; count <= 50; count += 1) {
    const ids = Array.from({ length: count }, () => randomUUID());
    await loads[name]?.(createLoaders(db, warehouses), ids);
  }
  expect((await prepared()) - before).toBe(1);
});
