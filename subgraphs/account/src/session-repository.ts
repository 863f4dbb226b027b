import type { Reader, Transaction } from '@storegraph/postgres';
import { and, desc, eq, isNull, ne, type SQL, sql } from 'drizzle-orm';
import { isId } from './repository.ts';
import { challenges, sessions } from './tables.ts';

/** Sessions and the sign-ins that wait to become one. */

export type SessionRow = typeof sessions.$inferSelect;
export type ChallengeRow = typeof challenges.$inferSelect;

/** Staff have a working day and customers a month, from one use to the next. */
const idleOf = (isStaff: boolean): SQL => (isStaff ? sql`interval '12 hours'` : sql`interval '30 days'`);

type NewSession = Pick<SessionRow, 'id' | 'accountId' | 'deviceName'>;

export const insertSession = async (
  tx: Transaction,
  session: NewSession,
  isStaff: boolean,
): Promise<void> => {
  const now = sql`now()`;
  await tx.insert(sessions).values({
    ...session,
    ...{ generation: 0, createdAt: now, lastUsedAt: now, expiresAt: sql`now() + ${idleOf(isStaff)}` },
  });
};

/** More devices than anybody has; a script that signs in for each request fills no list. */
const maxSessions = 50;

const isAlive = and(isNull(sessions.endedAt), sql`${sessions.expiresAt} > now()`);

export const liveSession = async (reader: Reader, id: string): Promise<SessionRow | null> => {
  if (!isId(id)) return null;
  const [session] = await reader
    .select()
    .from(sessions)
    .where(and(eq(sessions.id, id), isAlive));
  return session ?? null;
};

export const lockLiveSession = async (tx: Transaction, id: string): Promise<SessionRow | null> => {
  const [session] = await tx
    .select()
    .from(sessions)
    .where(and(eq(sessions.id, id), isAlive))
    .for('update');
  return session ?? null;
};

export const liveSessionsOf = (reader: Reader, accountId: string): Promise<SessionRow[]> =>
  reader
    .select()
    .from(sessions)
    .where(and(eq(sessions.accountId, accountId), isAlive))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id));

/** The next refresh token is of the next generation. */
export const rotateSession = async (tx: Transaction, id: string, isStaff: boolean): Promise<void> => {
  await tx
    .update(sessions)
    .set({
      generation: sql`${sessions.generation} + 1`,
      lastUsedAt: sql`now()`,
      expiresAt: sql`now() + ${idleOf(isStaff)}`,
    })
    .where(eq(sessions.id, id));
};

/** Notes the end of sessions of an account: of all that live, of one of them, or of all but one. Answers which they are. */
export const saveEnd = async (
  tx: Transaction,
  accountId: string,
  { only, except }: { readonly only?: string; readonly except?: string | null } = {},
): Promise<string[]> => {
  const ended = await tx
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(
      and(
        eq(sessions.accountId, accountId),
        isAlive,
        only === undefined ? undefined : eq(sessions.id, only),
        except == null ? undefined : ne(sessions.id, except),
      ),
    )
    .returning({ id: sessions.id });
  return ended.map(({ id }) => id);
};

/** Notes the end of those that were left longest, where an account has more than it may. Answers which they are. */
export const saveEndOfExcess = async (tx: Transaction, accountId: string): Promise<string[]> => {
  const ended = await tx.execute<{ id: string }>(sql`
    update sessions set ended_at = now() where session_id = any(array(
      select session_id from sessions
      where account_id = ${accountId} and ended_at is null and expires_at > now()
      order by last_used_at desc, session_id desc offset ${maxSessions}))
    returning session_id as id`);
  return ended.map(({ id }) => id);
};

/** A second factor is at hand, or it is not. */
const challengeLife = sql`interval '10 minutes'`;

type NewChallenge = Pick<ChallengeRow, 'id' | 'accountId' | 'guestId' | 'deviceName'>;

export const insertChallenge = async (tx: Transaction, challenge: NewChallenge): Promise<Date> => {
  const [row] = await tx
    .insert(challenges)
    .values({ ...challenge, wrongCodes: 0, expiresAt: sql`now() + ${challengeLife}` })
    .returning({ expiresAt: challenges.expiresAt });
  if (!row) throw new Error('A challenge was not written.');
  return row.expiresAt;
};

/** More wrong codes than this are guesses. */
const maxWrongCodes = 5;

const isOpen = and(
  isNull(challenges.usedAt),
  sql`${challenges.expiresAt} > now() and ${challenges.wrongCodes} < ${maxWrongCodes}`,
);

export const openChallenge = async (reader: Reader, id: string): Promise<ChallengeRow | null> => {
  const [challenge] = await reader
    .select()
    .from(challenges)
    .where(and(eq(challenges.id, id), isOpen));
  return challenge ?? null;
};

/** False when somebody else was first. */
export const useChallenge = async (tx: Transaction, id: string): Promise<boolean> => {
  const used = await tx
    .update(challenges)
    .set({ usedAt: sql`now()` })
    .where(and(eq(challenges.id, id), isOpen))
    .returning({ id: challenges.id });
  return used.length > 0;
};

export const countWrongCode = async (tx: Transaction, id: string): Promise<void> => {
  await tx
    .update(challenges)
    .set({ wrongCodes: sql`${challenges.wrongCodes} + 1` })
    .where(eq(challenges.id, id));
};
