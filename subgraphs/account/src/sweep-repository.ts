import type { Reader } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** What nobody needs any more, and how long it is kept for those who ask what happened. */
const leftovers = [
  sql`delete from sign_ups where expires_at < now() - interval '7 days'`,
  sql`delete from links where expires_at < now() - interval '7 days'`,
  sql`delete from challenges where expires_at < now() - interval '1 day'`,
  sql`delete from identity_flows where expires_at < now() - interval '1 day'`,
  sql`delete from sessions where coalesce(ended_at, expires_at) < now() - interval '90 days'`,
  sql`delete from attempts where last_at < now() - interval '1 day'`,
  sql`delete from mails where state <> 'PENDING' and ended_at < now() - interval '30 days'`,
];

export const deleteLeftovers = async (reader: Reader): Promise<void> => {
  for (const statement of leftovers) await reader.execute(statement);
};
