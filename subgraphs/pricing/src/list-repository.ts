import type { Reader, Transaction } from '@storegraph/postgres';
import { asc, eq, sql } from 'drizzle-orm';
import { priceLists } from './tables.ts';

type PriceListRow = typeof priceLists.$inferSelect;

/** Every list, in the order they are asked. */
export const allLists = (reader: Reader): Promise<PriceListRow[]> =>
  reader
    .select()
    .from(priceLists)
    .orderBy(
      asc(priceLists.priority),
      sql`${priceLists.customerGroup} is null`,
      sql`${priceLists.regions} is null`,
      sql`${priceLists.code} collate "C"`,
    );

/** A list that is about to be changed: others who change it wait. */
export const lockList = async (tx: Transaction, code: string): Promise<PriceListRow | null> => {
  const [row] = await tx.select().from(priceLists).where(eq(priceLists.code, code)).for('update');
  return row ?? null;
};

/** A list whose prices are about to be changed: it stays as it is until they are, and several may do so at once. */
export const holdList = async (tx: Transaction, code: string): Promise<PriceListRow | null> => {
  const [row] = await tx.select().from(priceLists).where(eq(priceLists.code, code)).for('share');
  return row ?? null;
};

export const insertList = async (tx: Transaction, list: Omit<PriceListRow, 'version'>): Promise<boolean> => {
  const rows = await tx
    .insert(priceLists)
    .values({ ...list, version: 1 })
    .onConflictDoNothing({ target: priceLists.code })
    .returning({ id: priceLists.id });
  return rows.length > 0;
};

export const updateList = async (tx: Transaction, { id, ...list }: PriceListRow): Promise<void> => {
  await tx.update(priceLists).set(list).where(eq(priceLists.id, id));
};

/** Removes a list with its prices. Answers how many those were. */
export const deleteList = async (tx: Transaction, id: string): Promise<number> => {
  const [row] = await tx.execute<{ count: number }>(
    sql`select count(*)::integer as count from prices where price_list_id = ${id}`,
  );
  await tx.delete(priceLists).where(eq(priceLists.id, id));
  return row?.count ?? 0;
};

export const countLists = async (reader: Reader): Promise<number> => {
  const [row] = await reader.execute<{ count: number }>(
    sql`select count(*)::integer as count from price_lists`,
  );
  return row?.count ?? 0;
};

export const hasPrices = async (reader: Reader, id: string): Promise<boolean> => {
  const rows = await reader.execute(sql`select 1 as one from prices where price_list_id = ${id} limit 1`);
  return rows.length > 0;
};
