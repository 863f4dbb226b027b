import type { Database } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import DataLoader from 'dataloader';
import type { Account } from './account-domain.ts';
import { emailKeyOf } from './account-domain.ts';
import { openAuditPage } from './audit-service.ts';
import { ownerOf } from './change-service.ts';
import { noteReads } from './data-read-service.ts';
import { identitiesOf } from './identity-repository.ts';
import { mailboxPage } from './mail-repository.ts';
import { accountByEmail, accountsByIds, isId, staffAccounts, visibleTo } from './repository.ts';
import { liveSessionsOf } from './session-repository.ts';

/** More would be a page of its own. */
const maxMailbox = 200;

/** Reads of one request, gathered into one statement for each kind, through the one door. */
export const createLoaders = (db: Database, viewer: Viewer) => {
  const account = new DataLoader<string, Account | null>(async (keys) => {
    const ids = keys.map((key) => key.toLowerCase());
    const rows = await accountsByIds(db, ids.filter(isId), visibleTo(viewer));
    const customers = rows.filter(({ role }) => role === 'customer');
    await noteReads(
      db,
      viewer,
      customers.map(({ id }) => ({ customerId: id, what: 'account' })),
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const customer = async (id: string): Promise<Account | null> => {
    const found = await account.load(id);
    return found?.role === 'customer' ? found : null;
  };
  return {
    customer,
    staffMember: async (id: string): Promise<Account | null> => {
      const found = await account.load(id);
      return found?.role === 'customer' ? null : found;
    },
    customerByEmail: async (email: string): Promise<Account | null> => {
      const found = await accountByEmail(db, emailKeyOf(email));
      return found && customer(found.id);
    },
    /** The customer who asks. */
    me: async (): Promise<Account | null> => (viewer.kind === 'customer' ? customer(viewer.id) : null),
    /** The account that asks, while its session lives. */
    own: async () => (await ownerOf(db, viewer))?.account ?? null,
    staff: () => staffAccounts(db),
    sessionsOf: (accountId: string) => liveSessionsOf(db, accountId),
    identitiesOf: (accountId: string) => identitiesOf(db, accountId),
    auditPage: (wish: Parameters<typeof openAuditPage>[1]) => openAuditPage(db, wish),
    mailbox: (first: number) => mailboxPage(db, Math.min(Math.max(first, 0), maxMailbox)),
  };
};

export type Loaders = ReturnType<typeof createLoaders>;
