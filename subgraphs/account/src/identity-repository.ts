import type { Reader, Transaction } from '@storegraph/postgres';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { isId } from './repository.ts';
import { identities, identityFlows } from './tables.ts';

export type IdentityRow = typeof identities.$inferSelect;
export type FlowRow = typeof identityFlows.$inferSelect;

/** People type passwords and look for phones meanwhile. */
const flowLife = sql`interval '15 minutes'`;

type NewFlow = Pick<FlowRow, 'id' | 'provider' | 'redirectUri' | 'accountId' | 'guestId'>;

export const insertFlow = async (tx: Transaction, flow: NewFlow): Promise<Date> => {
  const [row] = await tx
    .insert(identityFlows)
    .values({ ...flow, expiresAt: sql`now() + ${flowLife}` })
    .returning({ expiresAt: identityFlows.expiresAt });
  if (!row) throw new Error('A way to a provider was not written.');
  return row.expiresAt;
};

/** Null when it was used or is too old: each way is gone once, whatever comes of it. */
export const useFlow = async (reader: Reader, id: string): Promise<FlowRow | null> => {
  const [flow] = await reader
    .update(identityFlows)
    .set({ usedAt: sql`now()` })
    .where(
      and(eq(identityFlows.id, id), isNull(identityFlows.usedAt), sql`${identityFlows.expiresAt} > now()`),
    )
    .returning();
  return flow ?? null;
};

export const identityOf = async (
  reader: Reader,
  { issuer, subject }: Pick<IdentityRow, 'issuer' | 'subject'>,
): Promise<IdentityRow | null> => {
  const [identity] = await reader
    .select()
    .from(identities)
    .where(and(eq(identities.issuer, issuer), eq(identities.subject, subject)));
  return identity ?? null;
};

export const identitiesOf = (reader: Reader, accountId: string): Promise<IdentityRow[]> =>
  reader
    .select()
    .from(identities)
    .where(eq(identities.accountId, accountId))
    .orderBy(asc(identities.linkedAt));

/** False when it is linked already. */
export const insertIdentity = async (
  tx: Transaction,
  identity: Omit<IdentityRow, 'linkedAt'>,
): Promise<boolean> => {
  const rows = await tx
    .insert(identities)
    .values({ ...identity, linkedAt: sql`now()` })
    .onConflictDoNothing()
    .returning({ id: identities.id });
  return rows.length > 0;
};

export const deleteIdentity = async (tx: Transaction, accountId: string, id: string): Promise<boolean> => {
  if (!isId(id)) return false;
  const rows = await tx
    .delete(identities)
    .where(and(eq(identities.id, id), eq(identities.accountId, accountId)))
    .returning({ id: identities.id });
  return rows.length > 0;
};
