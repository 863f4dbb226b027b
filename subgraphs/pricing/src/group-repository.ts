import type { Reader, Transaction } from '@storegraph/postgres';
import { asc, eq, sql } from 'drizzle-orm';
import { customerGroups } from './tables.ts';

type CustomerGroupRow = { readonly code: string; readonly name: string };

export const allGroups = (reader: Reader): Promise<CustomerGroupRow[]> =>
  reader.select().from(customerGroups).orderBy(asc(customerGroups.code));

export const hasGroup = async (reader: Reader, code: string): Promise<boolean> => {
  const rows = await reader.select().from(customerGroups).where(eq(customerGroups.code, code));
  return rows.length > 0;
};

export const saveGroup = async (tx: Transaction, { code, name }: CustomerGroupRow): Promise<void> => {
  await tx
    .insert(customerGroups)
    .values({ code, name })
    .onConflictDoUpdate({ target: customerGroups.code, set: { name } });
};

/** Puts a customer in a group, or in none. */
export const assignGroup = async (
  tx: Transaction,
  { customerId, group }: { readonly customerId: string; readonly group: string | null },
): Promise<void> => {
  await tx.execute(
    group === null
      ? sql`delete from customer_group_members where customer_id = ${customerId}`
      : sql`insert into customer_group_members (customer_id, group_code) values (${customerId}, ${group})
          on conflict (customer_id) do update set group_code = excluded.group_code`,
  );
};
