import { randomUUID } from 'node:crypto';
import { eventsMigrations } from '@storegraph/events';
import { fingerprintOf, idempotencyMigrations } from '@storegraph/idempotency';
import { connect, type Database, migrate, newId, transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { createInventory } from '../../subgraphs/inventory/src/service.ts';
import { openStockPath } from '../../subgraphs/inventory/src/stock-service.ts';
import { openWarehouses } from '../../subgraphs/inventory/src/warehouse-service.ts';

/** Holds a cart, a piece of each variant, once; throws when it was not held. */
export type Way = {
  readonly reserve: (variantIds: readonly string[]) => Promise<void>;
  close(): Promise<void>;
};

const holdSeconds = 900;
const viewer: Viewer = { kind: 'service', id: 'bench', scopes: new Set(['stock:reserve']) };
const scope = 'service:bench';

const migrationsOf = () => [
  eventsMigrations,
  idempotencyMigrations,
  { name: 'inventory', path: new URL('../../subgraphs/inventory/migrations', import.meta.url).pathname },
];

/** Tables as the shop has them, for every way: one warehouse, and more of each variant than a run can take. */
export const prepare = async (url: string, variants: number): Promise<string[]> => {
  await migrate({ url, schema: 'inventory', folders: migrationsOf() });
  const db = connect({ url, schema: 'inventory', name: 'bench' });
  const ids = Array.from({ length: variants }, () => randomUUID()).sort();
  const warehouseId = newId();
  await db.execute(
    sql`insert into warehouses values (${warehouseId}, 'BER1', 'Berlin', 'DE', null, 1, true)`,
  );
  await db.execute(sql`insert into variants (variant_id, product_id, sku, sku_key)
    select id, id, id::text, id::text from unnest(${sql.param(ids)}::uuid[]) as id`);
  await db.execute(sql`insert into stock (variant_id, warehouse_id, on_hand, version)
    select id, ${warehouseId}, 100000000, 1 from unnest(${sql.param(ids)}::uuid[]) as id`);
  await db.execute(sql`insert into movements (variant_id, warehouse_id, delta, reason, actor, occurred_at)
    select id, ${warehouseId}, 100000000, 'RECEIVED', 'bench', now() from unnest(${sql.param(ids)}::uuid[]) as id`);
  await db.execute(sql`update variants set is_low = false`);
  await db.execute(sql.raw('vacuum analyze'));
  await db.close();
  return ids;
};

/** What the subgraph runs for `stockReserve`: checks, key, group commit, facts. */
export const ours = async (url: string): Promise<Way> => {
  const db = connect({ url, schema: 'inventory', name: 'inventory' });
  const stockDb = connect({ url, schema: 'inventory', name: 'inventory stock', statementConnections: 1 });
  const stock = openStockPath(stockDb);
  const { reservations } = createInventory({ db, stock, warehouses: await openWarehouses(db) });
  return {
    reserve: async (variantIds) => {
      const lines = variantIds.map((variantId) => ({ variantId, quantity: 1 }));
      const input = { idempotencyKey: randomUUID(), lines, holdSeconds };
      const outcome = await reservations.reserve(viewer, input);
      if (outcome.__typename !== 'StockReserved') throw new Error(outcome.message);
    },
    close: async () => {
      await stock.idle();
      await db.close();
      await stockDb.close();
    },
  };
};

/** What is written beside the stock, for every plain way: the reservation and its key. */
const rowsOf = (variantIds: readonly string[]) => {
  const key = randomUUID();
  const fingerprint = fingerprintOf({ variantIds, holdSeconds });
  return { key, fingerprint, reservationId: newId(), quantities: variantIds.map(() => 1) };
};

/** The usual way: lock the rows in a fixed order, look, write, commit; one transaction for each cart. */
export const forUpdate = (url: string, connections: number): Way => {
  const db = connect({ url, schema: 'inventory', name: 'for update', transactionConnections: connections });
  const reserve = (variantIds: readonly string[]) =>
    transaction(db, async (tx) => {
      const { key, fingerprint, reservationId, quantities } = rowsOf(variantIds);
      const rows = await tx.execute<{ warehouse_id: string; free: number }>(sql`
        select warehouse_id, on_hand - reserved - sold as free from stock
        where variant_id = any(${sql.param([...variantIds])}::uuid[]) order by variant_id for update`);
      if (rows.length < variantIds.length || rows.some(({ free }) => free < 1))
        throw new Error('Out of stock.');
      await tx.execute(sql`update stock set reserved = reserved + 1, version = version + 1
        where variant_id = any(${sql.param([...variantIds])}::uuid[])`);
      await tx.execute(sql`insert into reservations
        (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities)
        values (${reservationId}, ${fingerprint}, 'HELD', now() + make_interval(secs => ${holdSeconds}),
          ${sql.param([...variantIds])}::uuid[], ${sql.param(rows.map((row) => row.warehouse_id))}::uuid[],
          ${sql.param(quantities)}::integer[])`);
      await tx.execute(sql`insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
        values (${scope}, 'stockReserve', ${key}, ${fingerprint}, '{}')`);
    });
  return { reserve, close: () => db.close() };
};

/** The best plain way: everything in one statement, which takes the piece only where there is one. */
export const conditionalUpdate = (url: string, connections: number): Way => {
  const db: Database = connect({
    url,
    schema: 'inventory',
    name: 'conditional update',
    statementConnections: connections,
  });
  const reserve = async ([variantId]: readonly string[]) => {
    const { key, fingerprint, reservationId } = rowsOf([variantId ?? '']);
    const [row] = await db.execute<{ taken: number }>(sql`
      with key as (
        insert into idempotency_keys (scope, operation, key, fingerprint, outcome)
        values (${scope}, 'stockReserve', ${key}, ${fingerprint}, '{}') on conflict do nothing returning 1
      ), taken as (
        update stock set reserved = reserved + 1, version = version + 1
        where variant_id = ${variantId} and on_hand - reserved - sold >= 1 and exists (select from key)
        returning variant_id, warehouse_id
      ), held as (
        insert into reservations
          (reservation_id, fingerprint, status, expires_at, variant_ids, warehouse_ids, quantities)
        select ${reservationId}, ${fingerprint}, 'HELD', now() + make_interval(secs => ${holdSeconds}),
          array[variant_id], array[warehouse_id], '{1}' from taken
      )
      select count(*)::integer as taken from taken`);
    if (row?.taken !== 1) throw new Error('Out of stock.');
  };
  return { reserve, close: () => db.close() };
};
