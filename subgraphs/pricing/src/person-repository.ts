import type { Reader, Transaction } from '@storegraph/postgres';
import type { PersonalData } from '@storegraph/server';
import { sql } from 'drizzle-orm';
import { isId } from './variant-repository.ts';

/** The latest; with an order a day it takes a quarter of a century to have as many. */
const maxRows = 10_000;

/** Everything that is kept of a customer here, in words they understand. */
export const personOf = async (reader: Reader, customerId: string): Promise<PersonalData> => {
  if (!isId(customerId)) return { items: 0, content: '{}' };
  const id = customerId.toLowerCase();
  const [row] = await reader.execute<{ part: Record<string, unknown> }>(sql`select json_build_object(
    'customerGroup', (select group_code from customer_group_members where customer_id = ${id}::uuid),
    'taxExemptions', (select coalesce(json_agg(json_build_object('region', region, 'reason', reason,
        'validUntil', valid_until) order by region), '[]')
      from tax_exemptions where customer_id = ${id}::uuid),
    'points', (select json_build_object('balance', balance, 'toUse', to_use)
      from points_accounts where customer_id = ${id}::uuid),
    'pointsEntries', (select coalesce(json_agg(json_build_object('at', occurred_at, 'order', order_id,
        'reason', reason, 'delta', delta, 'balance', balance) order by entry_id), '[]')
      from (select * from points_entries where customer_id = ${id}::uuid
        order by entry_id desc limit ${maxRows}) as entries),
    'checkouts', (select coalesce(json_agg(json_build_object('checkout', checkout_id, 'at', redeemed_at,
        'releasedAt', released_at, 'codes', array(select code from coupon_uses join coupons using (coupon_key)
          where coupon_uses.checkout_id = latest.checkout_id)) order by redeemed_at), '[]')
      from (select * from redemptions where owner_id = ${id} and owner_kind = 'customer'
        order by redeemed_at desc limit ${maxRows}) as latest),
    'couponsOfYourOwn', (select coalesce(json_agg(code order by code), '[]')
      from coupons where customer_id = ${id}::uuid),
    'wrongCodes', (select coalesce(json_agg(json_build_object('code', coupon_key, 'at', guessed_at)
        order by guessed_at), '[]')
      from coupon_guesses where owner = ${`customer ${id}`})
  ) as part`);
  if (!row) throw new Error('A select without a table gave no row.');
  const items = Object.values(row.part).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : value === null ? 0 : 1),
    0,
  );
  return { items, content: JSON.stringify(row.part, null, 2) };
};

/** Forgets what is not needed to keep the books, and answers how many things that were. */
export const erasePerson = async (tx: Transaction, customerId: string): Promise<number> => {
  if (!isId(customerId)) return 0;
  const id = customerId.toLowerCase();
  const [row] = await tx.execute<{ count: number }>(sql`
    with left_group as (delete from customer_group_members where customer_id = ${id}::uuid returning 1),
    taxed as (delete from tax_exemptions where customer_id = ${id}::uuid returning 1),
    unguessed as (delete from coupon_guesses where owner = ${`customer ${id}`} returning 1),
    withdrawn as (update coupons set is_withdrawn = true, customer_id = null
      where customer_id = ${id}::uuid returning 1),
    unused as (update points_accounts set to_use = 0 where customer_id = ${id}::uuid and to_use > 0 returning 1)
    select (select count(*) from left_group)::integer + (select count(*) from taxed)::integer
      + (select count(*) from unguessed)::integer + (select count(*) from withdrawn)::integer
      + (select count(*) from unused)::integer as count`);
  return row?.count ?? 0;
};

/** Whether the books have entries of a customer. */
export const isInBooks = async (reader: Reader, customerId: string): Promise<boolean> => {
  if (!isId(customerId)) return false;
  const id = customerId.toLowerCase();
  const rows = await reader.execute(sql`
    select 1 as there from points_entries where customer_id = ${id}::uuid
    union all select 1 from redemptions where owner_id = ${id} and owner_kind = 'customer' limit 1`);
  return rows.length > 0;
};
