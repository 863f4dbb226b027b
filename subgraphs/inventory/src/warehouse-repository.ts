import type { Reader, Transaction } from '@storegraph/postgres';
import { asc, sql } from 'drizzle-orm';
import type { Warehouse } from './routing-domain.ts';
import { warehouses } from './tables.ts';

/** Every warehouse, by priority. */
export const allWarehouses = (reader: Reader): Promise<Warehouse[]> =>
  reader.select().from(warehouses).orderBy(asc(warehouses.priority), asc(warehouses.code));

export const warehousesByIds = (reader: Reader, ids: readonly string[]): Promise<Warehouse[]> =>
  reader
    .select()
    .from(warehouses)
    .where(sql`${warehouses.id} = any(${sql.param([...ids])}::uuid[])`);

/** Writes a warehouse; one with its code keeps its id, which is answered. */
export const saveWarehouse = async (tx: Transaction, warehouse: Warehouse): Promise<string> => {
  const { id, code, ...changed } = warehouse;
  const row = {
    ...changed,
    servesRegions: changed.servesRegions === null ? null : [...changed.servesRegions],
  };
  const [saved] = await tx
    .insert(warehouses)
    .values({ id, code, ...row })
    .onConflictDoUpdate({ target: warehouses.code, set: row })
    .returning({ id: warehouses.id });
  if (!saved) throw new Error('A warehouse was not saved.');
  return saved.id;
};
