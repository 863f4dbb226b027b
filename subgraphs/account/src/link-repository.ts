import type { Reader, Transaction } from '@storegraph/postgres';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import { links, signUps } from './tables.ts';

/** What waits for somebody to read a mail. */

export type SignUpRow = typeof signUps.$inferSelect;
export type LinkRow = typeof links.$inferSelect;

type NewSignUp = Pick<SignUpRow, 'id' | 'email' | 'emailKey' | 'passwordHash' | 'guestId'>;

export const insertSignUp = async (tx: Transaction, signUp: NewSignUp, hours: number): Promise<void> => {
  await tx.insert(signUps).values({ ...signUp, expiresAt: sql`now() + make_interval(hours => ${hours})` });
};

const isOpenSignUp = and(isNull(signUps.usedAt), sql`${signUps.expiresAt} > now()`);

export const openSignUp = async (reader: Reader, id: string): Promise<SignUpRow | null> => {
  const [signUp] = await reader
    .select()
    .from(signUps)
    .where(and(eq(signUps.id, id), isOpenSignUp));
  return signUp ?? null;
};

/** What was asked for with one address, latest first. */
export const openSignUpsOf = (reader: Reader, emailKey: string, limit: number): Promise<SignUpRow[]> =>
  reader
    .select()
    .from(signUps)
    .where(and(eq(signUps.emailKey, emailKey), isOpenSignUp))
    .orderBy(desc(signUps.id))
    .limit(limit);

/** False when it was used, or somebody else was first. */
export const useSignUp = async (tx: Transaction, id: string): Promise<boolean> => {
  const used = await tx
    .update(signUps)
    .set({ usedAt: sql`now()` })
    .where(and(eq(signUps.id, id), isOpenSignUp))
    .returning({ id: signUps.id });
  return used.length > 0;
};

type NewLink = Pick<LinkRow, 'id' | 'purpose' | 'accountId' | 'newEmail'>;

/** A mail that is written again, after a crash, has the link it had. */
export const insertLink = async (reader: Reader, link: NewLink, hours: number): Promise<void> => {
  await reader
    .insert(links)
    .values({ ...link, expiresAt: sql`now() + make_interval(hours => ${hours})` })
    .onConflictDoNothing();
};

const isOpenLink = and(isNull(links.usedAt), sql`${links.expiresAt} > now()`);

export const openLink = async (reader: Reader, id: string): Promise<LinkRow | null> => {
  const [link] = await reader
    .select()
    .from(links)
    .where(and(eq(links.id, id), isOpenLink));
  return link ?? null;
};

/** Null when it was used, or somebody else was first. */
export const useLink = async (tx: Transaction, id: string): Promise<LinkRow | null> => {
  const [link] = await tx
    .update(links)
    .set({ usedAt: sql`now()` })
    .where(and(eq(links.id, id), isOpenLink))
    .returning();
  return link ?? null;
};

/** Other links of the account hold no more: whoever had asked for them was not the one who came. */
export const endLinks = async (tx: Transaction, accountId: string): Promise<void> => {
  await tx
    .update(links)
    .set({ usedAt: sql`now()` })
    .where(and(eq(links.accountId, accountId), isOpenLink));
};
