import type { Transaction } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** Takes away what leads into an account and what was written to its address. The account itself stays, nameless. */
export const eraseWaysIn = async (
  tx: Transaction,
  { id, emailKey }: { readonly id: string; readonly emailKey: string | null },
): Promise<void> => {
  for (const table of ['identities', 'identity_flows', 'links', 'challenges', 'sessions', 'mails']) {
    await tx.execute(sql`delete from ${sql.identifier(table)} where account_id = ${id}`);
  }
  await tx.execute(sql`delete from mails where email_key = ${emailKey}`);
  await tx.execute(sql`delete from sign_ups where email_key = ${emailKey}`);
};

/** What was kept for answering repeats, and mails that have gone out since the account was closed. */
export const eraseTraces = async (tx: Transaction, customerId: string): Promise<void> => {
  await tx.execute(sql`delete from idempotency_keys where scope = ${`customer:${customerId}`}`);
  await tx.execute(sql`delete from mails where account_id = ${customerId} and state <> 'PENDING'`);
};

/** How many lines stay of a customer, by where they stay. */
export const countKept = async (
  tx: Transaction,
  customerId: string,
): Promise<{ readonly consents: number; readonly events: number }> => {
  const [row] = await tx.execute<{ consents: number; events: number }>(sql`select
    (select count(*) from consents where customer_id = ${customerId}) as consents,
    (select count(*) from audit_entries where subject_id = ${customerId}) as events`);
  return row ?? { consents: 0, events: 0 };
};
