import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openInventory } from './inventory-fixture.ts';

let inventory: Awaited<ReturnType<typeof openInventory>>;
beforeAll(async () => {
  inventory = await openInventory();
});
afterAll(() => inventory.stop());

/** Reserves that come at once, so that they share a batch. */
const batch = (variantId: string) =>
  Promise.all([inventory.reserve([[variantId, 1]]), inventory.reserve([[variantId, 1]])]);

/** How often the stock was looked through, and how often it was found by an index, as far as Postgres has counted. */
const scans = async () => {
  const [row] = await inventory.db.execute<{ whole: number; index: number }>(sql`
    select seq_scan::integer as whole, idx_scan::integer as index from pg_stat_user_tables
    where schemaname = 'inventory' and relname = 'stock'`);
  return row ?? { whole: 0, index: 0 };
};

test('a batch finds its rows by their index, also on a connection that planned it over empty tables', async () => {
  await inventory.db.execute(sql`vacuum analyze inventory.stock`);
  // A plan is settled on at the sixth time.
  for (let times = 0; times < 8; times += 1) await batch(randomUUID());
  await inventory.db.execute(
    sql`insert into warehouses values (${randomUUID()}, 'W1', 'One', 'DE', null, 1, true)`,
  );
  await inventory.db.execute(sql`insert into variants (variant_id, product_id, sku, sku_key)
    select id, id, id::text, id::text from (select gen_random_uuid() as id from generate_series(1, 20000)) as made`);
  await inventory.db.execute(sql`insert into stock (variant_id, warehouse_id, on_hand)
    select variant_id, warehouse_id, 5 from variants cross join warehouses`);
  const [some] = await inventory.db.execute<{ id: string }>(
    sql`select variant_id as id from variants limit 1`,
  );
  const before = await scans();
  for (let times = 0; times < 20; times += 1) await batch(some?.id ?? '');
  let after = await scans();
  // Counts are told with a later commit.
  for (; after.index < before.index + 20; after = await scans()) await batch(some?.id ?? '');
  expect(after.whole - before.whole).toBe(0);
});
