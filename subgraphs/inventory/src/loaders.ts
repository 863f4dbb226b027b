import type { Database } from '@storegraph/postgres';
import DataLoader from 'dataloader';
import { type LedgerWish, openLedger } from './ledger-service.ts';
import { isId, type ReservationRow, reservationsByIds, variantStocks } from './repository.ts';
import type { Warehouse } from './routing-domain.ts';
import { noStock, type Stock, stockIn } from './stock-domain.ts';
import { warehousesByIds } from './warehouse-repository.ts';
import type { Warehouses } from './warehouse-service.ts';

/** A variant's stock for a region; from everywhere when the region is null. */
export type StockKey = { readonly variantId: string; readonly region: string | null };

/** Any number of variants and regions in one statement, in the order of the keys. */
export const readStocks = async (
  db: Database,
  warehouses: Warehouses,
  keys: readonly StockKey[],
): Promise<Stock[]> => {
  const ids = [...new Set(keys.map(({ variantId }) => variantId.toLowerCase()))];
  const rows = await variantStocks(db, ids);
  const found = new Map(ids.map((id, place) => [id, rows[place]]));
  return keys.map(({ variantId, region }) =>
    stockIn(found.get(variantId.toLowerCase()) ?? noStock, warehouses.list(), region),
  );
};

/** Reads of one request, gathered into one statement for each kind; the process knows the warehouses. */
export const createLoaders = (db: Database, warehouses: Warehouses) => ({
  stock: new DataLoader<StockKey, Stock, string>((keys) => readStocks(db, warehouses, keys), {
    cacheKeyFn: ({ variantId, region }) => `${variantId.toLowerCase()} ${region ?? ''}`,
  }),
  warehouse: new DataLoader<string, Warehouse | null>((ids) => warehousesOf(db, warehouses, ids)),
  reservation: new DataLoader<string, ReservationRow | null>(async (ids) => {
    const found = new Map((await reservationsByIds(db, ids)).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id.toLowerCase()) ?? null);
  }),
  ledger: (wish: LedgerWish) => openLedger(db, wish),
});

export type Loaders = ReturnType<typeof createLoaders>;

/** One that another process saved a moment ago may not be in the list yet: look again before saying it is not. */
const warehousesOf = async (db: Database, warehouses: Warehouses, ids: readonly string[]) => {
  const known = new Map(warehouses.list().map((warehouse) => [warehouse.id, warehouse]));
  const unknown = ids.filter((id) => !known.has(id.toLowerCase()) && isId(id));
  const read = unknown.length > 0 ? await warehousesByIds(db, unknown) : [];
  for (const warehouse of read) known.set(warehouse.id, warehouse);
  return ids.map((id) => known.get(id.toLowerCase()) ?? null);
};
