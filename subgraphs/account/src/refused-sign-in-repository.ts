import type { Reader, Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import { nobody } from './audit-domain.ts';

/** Refused sign-ins on their way into the audit log. */

/** Whose sign-in was refused, as far as it is known: whether an address has an account is found out while counting. */
export type RefusedSignIn = (
  | { readonly emailKey: string; readonly accountId?: never }
  | { readonly accountId: string; readonly emailKey?: never }
) & {
  /** It had to wait, and nothing was looked at. */
  readonly isDelayed: boolean;
};

export type RefusedSignIns = {
  readonly accountId: string;
  readonly refused: number;
  readonly delayed: number;
  readonly since: Date;
  readonly until: Date;
};

/** Adds to the counts, in the order of accounts so that no two wait for each other. */
export const countRefused = async (reader: Reader, batch: readonly RefusedSignIn[]): Promise<void> => {
  const emailKeys = batch.map(({ emailKey = null }) => emailKey);
  const accountIds = batch.map(({ accountId = null }) => accountId);
  const delays = batch.map(({ isDelayed }) => (isDelayed ? 1 : 0));
  await reader.execute(sql`
    insert into refused_sign_ins as counted (account_id, refused, delayed)
    select coalesce(given.account_id, accounts.account_id, ${nobody}::uuid) as whose,
      sum(1 - delayed), sum(delayed)
    from unnest(${sql.param(emailKeys)}::text[], ${sql.param(accountIds)}::uuid[], ${sql.param(delays)}::integer[])
      as given (email_key, account_id, delayed)
    left join accounts on accounts.email_key = given.email_key
    group by whose order by whose
    on conflict (account_id) do update set
      refused = counted.refused + excluded.refused,
      delayed = counted.delayed + excluded.delayed,
      until = excluded.until`);
};

/** Takes the counts that have waited longest. */
export const takeRefused = async (tx: Transaction, limit: number): Promise<RefusedSignIns[]> => {
  const rows = await tx.execute<{
    account_id: string;
    refused: number;
    delayed: number;
    since: string;
    until: string;
  }>(sql`
    delete from refused_sign_ins where account_id = any(array(
      select account_id from refused_sign_ins order by since limit ${limit} for update skip locked))
    returning account_id, refused, delayed, since, until`);
  return [...rows].map(({ account_id, since, until, ...counts }) => ({
    ...{ accountId: account_id, since: new Date(since), until: new Date(until) },
    ...counts,
  }));
};
