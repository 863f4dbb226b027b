import type { Reader, Transaction } from '@storegraph/postgres';
import { desc, eq, sql } from 'drizzle-orm';
import { signIns } from './tables.ts';

type SignIn = { readonly guestId: string; readonly customerId: string; readonly at: string };

/** A guest becomes one customer: the first one stays. */
export const saveSignIn = async (tx: Transaction, { guestId, customerId, at }: SignIn): Promise<void> => {
  await tx
    .insert(signIns)
    .values({ guestId, customerId, signedInAt: new Date(at) })
    .onConflictDoNothing();
};

/** The guest that a customer last was; null when none is known. */
export const lastGuestOf = async (reader: Reader, customerId: string): Promise<string | null> => {
  const [row] = await reader
    .select({ guestId: signIns.guestId })
    .from(signIns)
    .where(eq(signIns.customerId, customerId))
    .orderBy(desc(signIns.signedInAt))
    .limit(1);
  return row?.guestId ?? null;
};

/** The guests that a customer was. */
export const guestsOf = async (reader: Reader, customerId: string): Promise<string[]> => {
  const rows = await reader.execute<{ guest_id: string }>(sql`
    select guest_id from sign_ins where customer_id = ${customerId}
    union
    select owner_id from carts where owner_kind = 'guest' and content ->> 'closedInto' = ${customerId}`);
  return [...rows].map((row) => row.guest_id);
};

/** Forgets which guests a customer was. */
export const forgetSignIns = async (tx: Transaction, customerId: string): Promise<void> => {
  await tx.delete(signIns).where(eq(signIns.customerId, customerId));
};
