import type { Reader, Transaction } from '@storegraph/postgres';
import { desc, eq, isNotNull, sql } from 'drizzle-orm';
import { mails } from './tables.ts';

export type MailRow = typeof mails.$inferSelect;
export type NewMail = Pick<MailRow, 'id' | 'kind' | 'email' | 'emailKey'> &
  Partial<Pick<MailRow, 'accountId' | 'signUpId' | 'newEmail'>>;

export const insertMail = async (tx: Transaction, mail: NewMail): Promise<void> => {
  await tx.insert(mails).values(mail);
};

/** Longer than a mail server takes; a process that died lets others have its mails after it. */
const lease = sql`interval '2 minutes'`;

/** Takes mails that are due, so that no other process sends them meanwhile. */
export const claimMails = (reader: Reader, limit: number): Promise<MailRow[]> =>
  reader
    .update(mails)
    .set({ nextAt: sql`now() + ${lease}`, tries: sql`${mails.tries} + 1` })
    .where(
      sql`${mails.id} in (select mail_id from mails where state = 'PENDING' and next_at <= now()
        order by next_at, mail_id limit ${limit} for update skip locked)`,
    )
    .returning();

/** How many of this kind went to the address within the hour before this one. */
export const mailsBefore = async (
  reader: Reader,
  { id, emailKey, kind, createdAt }: MailRow,
): Promise<number> => {
  const [row] = await reader.execute<{ count: number }>(sql`
    select count(*)::integer as count from mails
    where email_key = ${emailKey} and kind = ${kind} and state <> 'DROPPED' and mail_id <> ${id}
      and created_at between ${createdAt.toISOString()}::timestamptz - interval '1 hour'
        and ${createdAt.toISOString()}::timestamptz`);
  return row?.count ?? 0;
};

type Ending = { readonly state: 'SENT' | 'DROPPED' | 'FAILED'; readonly failure?: string };

/** The text is kept only where the mailbox is the end of the way. */
export const endMail = async (
  reader: Reader,
  id: string,
  ending: Ending & Partial<Pick<MailRow, 'subject' | 'body'>>,
): Promise<void> => {
  await reader
    .update(mails)
    .set({ ...ending, endedAt: sql`now()` })
    .where(eq(mails.id, id));
};

export const postponeMail = async (
  reader: Reader,
  id: string,
  { seconds, failure }: { readonly seconds: number; readonly failure: string },
): Promise<void> => {
  await reader
    .update(mails)
    .set({ failure, nextAt: sql`now() + make_interval(secs => ${seconds})` })
    .where(eq(mails.id, id));
};

/** What lies in the mailbox, latest first. */
export const mailboxPage = (reader: Reader, limit: number): Promise<MailRow[]> =>
  reader.select().from(mails).where(isNotNull(mails.body)).orderBy(desc(mails.id)).limit(limit);
