import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { PointsReason } from './points-domain.ts';
import { isId } from './variant-repository.ts';

export type PointsRow = { readonly customerId: string; readonly balance: number; readonly toUse: number };

export type PointsEntryRow = {
  readonly id: number;
  readonly orderId: string;
  readonly reason: PointsReason;
  readonly delta: number;
  readonly balance: number;
  readonly occurredAt: Date | string;
};

/** The accounts of customers; who never had a point has none. */
export const accountsOf = async (reader: Reader, customerIds: readonly string[]): Promise<PointsRow[]> => [
  ...(await reader.execute<PointsRow>(sql`
    select customer_id as "customerId", balance, to_use as "toUse" from points_accounts
    where customer_id = any(${sql.param(customerIds.filter(isId))}::uuid[])`)),
];

/** A page of a customer's entries. */
export type EntriesWish = {
  readonly customerId: string;
  readonly before: number | null;
  readonly limit: number;
};

/** Any number of pages in one statement, in the order asked, each latest first. */
export const pagesOfEntries = async (
  reader: Reader,
  wishes: readonly EntriesWish[],
): Promise<PointsEntryRow[][]> => {
  const customers = wishes.map(({ customerId }) => (isId(customerId) ? customerId : null));
  const rows = await reader.execute<PointsEntryRow & { page: string }>(sql`
    select wish.page, entry_id::float8 as id, order_id as "orderId", reason, delta, balance,
      occurred_at as "occurredAt"
    from unnest(${sql.param(customers)}::uuid[], ${sql.param(wishes.map(({ before }) => before))}::bigint[],
      ${sql.param(wishes.map(({ limit }) => limit))}::integer[])
      with ordinality as wish (customer_id, before, size, page)
    cross join lateral (select * from points_entries where points_entries.customer_id = wish.customer_id
      and (wish.before is null or entry_id < wish.before) order by entry_id desc limit wish.size) as entries
    order by wish.page, entry_id desc`);
  const pages: PointsEntryRow[][] = wishes.map(() => []);
  for (const { page, ...row } of rows) pages[Number(page) - 1]?.push(row);
  return pages;
};

/** Locks a customer's account, made when it is not there, and answers its balance. */
export const lockAccount = async (tx: Transaction, customerId: string): Promise<number> => {
  const [row] = await tx.execute<{ balance: number }>(sql`
    insert into points_accounts (customer_id) values (${customerId})
    on conflict (customer_id) do update set balance = points_accounts.balance returning balance`);
  if (!row) throw new Error('An account of points was not locked.');
  return row.balance;
};

/** What an order has done to points so far. */
export const entriesOfOrder = async (
  reader: Reader,
  orderId: string,
): Promise<(PointsEntryRow & { customerId: string })[]> => [
  ...(await reader.execute<PointsEntryRow & { customerId: string }>(sql`
    select entry_id::float8 as id, customer_id as "customerId", order_id as "orderId", reason, delta, balance,
      occurred_at as "occurredAt"
    from points_entries where order_id = ${orderId}`)),
];

export type Reversal = {
  readonly customerId: string;
  readonly returned: number;
  readonly takenBack: number;
  readonly balance: number;
};

export const reversalOf = async (reader: Reader, orderId: string): Promise<Reversal | null> => {
  const [row] = await reader.execute<Reversal>(sql`
    select customer_id as "customerId", returned, taken_back as "takenBack", balance
    from points_reversals where order_id = ${orderId}`);
  return row ?? null;
};

/** Writes an entry of an account that is locked. */
export const writeEntry = async (
  tx: Transaction,
  entry: {
    readonly customerId: string;
    readonly orderId: string;
    readonly reason: PointsReason;
    readonly delta: number;
    readonly balance: number;
  },
): Promise<void> => {
  const { customerId, orderId, reason, delta, balance } = entry;
  await tx.execute(sql`
    with written as (
      insert into points_entries (customer_id, order_id, reason, delta, balance)
      values (${customerId}, ${orderId}, ${reason}, ${delta}, ${balance}) returning customer_id)
    update points_accounts set balance = ${balance} from written
    where written.customer_id = points_accounts.customer_id`);
};

export const writeReversal = async (
  tx: Transaction,
  orderId: string,
  { customerId, returned, takenBack, balance }: Reversal,
): Promise<void> => {
  await tx.execute(sql`insert into points_reversals (order_id, customer_id, returned, taken_back, balance)
    values (${orderId}, ${customerId}, ${returned}, ${takenBack}, ${balance})`);
};

/** Notes how many points a customer wants to pay with. */
export const writePointsToUse = async (
  tx: Transaction,
  customerId: string,
  points: number,
): Promise<void> => {
  await tx.execute(sql`insert into points_accounts (customer_id, to_use) values (${customerId}, ${points})
    on conflict (customer_id) do update set to_use = excluded.to_use`);
};
