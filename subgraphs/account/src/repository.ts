import type { Reader, Transaction } from '@storegraph/postgres';
import { hasScope, type Viewer } from '@storegraph/server';
import { and, asc, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { Account } from './account-domain.ts';
import { accounts } from './tables.ts';

/** Accounts: every query on them. */

const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Whether a text can be an id; another finds nothing. */
export const isId = (text: string): boolean => uuidPattern.test(text);

/** The one door: which accounts a viewer may see. Anybody else's does not exist. */
export const visibleTo = (viewer: Viewer): SQL => {
  if (viewer.kind === 'anonymous' || viewer.kind === 'guest') return sql`false`;
  if (hasScope(viewer, 'account:read') || hasScope(viewer, 'staff:write')) return sql`true`;
  return isId(viewer.id) ? eq(accounts.id, viewer.id) : sql`false`;
};

export const accountsByIds = (reader: Reader, ids: readonly string[], visible: SQL): Promise<Account[]> =>
  reader
    .select()
    .from(accounts)
    .where(and(sql`${accounts.id} = any(${sql.param([...ids])}::uuid[])`, visible));

export const accountByEmail = async (reader: Reader, emailKey: string): Promise<Account | null> => {
  const [account] = await reader.select().from(accounts).where(eq(accounts.emailKey, emailKey));
  return account ?? null;
};

export const accountById = async (reader: Reader, id: string): Promise<Account | null> => {
  if (!isId(id)) return null;
  const [account] = await reader.select().from(accounts).where(eq(accounts.id, id));
  return account ?? null;
};

/** Holds the account: whoever changes how it is protected does so one after the other. */
export const lockAccount = async (tx: Transaction, id: string): Promise<Account | null> => {
  if (!isId(id)) return null;
  const [account] = await tx.select().from(accounts).where(eq(accounts.id, id)).for('update');
  return account ?? null;
};

/** Holds several accounts, in an order that no two wait for each other by. */
export const lockAccounts = async (
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, Account>> => {
  const rows = await tx
    .select()
    .from(accounts)
    .where(sql`${accounts.id} = any(${sql.param(ids.filter(isId))}::uuid[])`)
    .orderBy(asc(accounts.id))
    .for('update');
  return new Map(rows.map((row) => [row.id, row]));
};

export const staffAccounts = (reader: Reader): Promise<Account[]> =>
  reader
    .select()
    .from(accounts)
    .where(ne(accounts.role, 'customer'))
    .orderBy(asc(accounts.name), asc(accounts.id));

/** How many second factors rest on each secret, by its name. */
export const factorsBySecret = async (reader: Reader): Promise<Map<string, number>> => {
  const rows = await reader.execute<{ totp_key: string; count: number }>(sql`
    select totp_key, count(*)::integer as count from accounts
    where totp_enabled_at is not null and totp_key is not null group by totp_key`);
  return new Map([...rows].map(({ totp_key, count }) => [totp_key, count]));
};

type NewAccount = Pick<Account, 'id' | 'role' | 'email' | 'emailKey' | 'name' | 'passwordHash'>;

/** False when somebody has the address already. */
export const insertAccount = async (tx: Transaction, account: NewAccount): Promise<boolean> => {
  const now = sql`now()`;
  const rows = await tx
    .insert(accounts)
    .values({
      ...account,
      ...{ state: 'ACTIVE', totpLastStep: 0, recoveryUsed: 0 },
      ...{ passwordChangedAt: now, emailVerifiedAt: now, createdAt: now },
    })
    .onConflictDoNothing({ target: accounts.emailKey })
    .returning({ id: accounts.id });
  return rows.length > 0;
};

type AccountChange = Partial<Omit<Account, 'id' | 'createdAt'>>;

/** Writes what is named of an account that is held. */
export const saveAccount = async (tx: Transaction, id: string, change: AccountChange): Promise<void> => {
  await tx.update(accounts).set(change).where(eq(accounts.id, id));
};

export const savePassword = async (tx: Transaction, id: string, passwordHash: string): Promise<Date> => {
  const [row] = await tx
    .update(accounts)
    .set({ passwordHash, passwordChangedAt: sql`now()` })
    .where(eq(accounts.id, id))
    .returning({ at: accounts.passwordChangedAt });
  if (!row) throw new Error('The account that is held is gone.');
  return row.at;
};

/** False when somebody else has the address. */
export const saveEmail = async (
  tx: Transaction,
  id: string,
  { email, emailKey }: { readonly email: string; readonly emailKey: string },
): Promise<boolean> => {
  const rows = await tx.execute(sql`
    update accounts set email = ${email}, email_key = ${emailKey}, email_verified_at = now()
    where account_id = ${id}
      and not exists (select from accounts other where other.email_key = ${emailKey} and other.account_id <> ${id})
    returning 1 as saved`);
  return rows.length > 0;
};
