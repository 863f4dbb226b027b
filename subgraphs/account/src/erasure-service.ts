import type { Transaction } from '@storegraph/postgres';
import { audit } from './audit-repository.ts';
import type { Kept } from './data-job-domain.ts';
import { countKept, eraseTraces, eraseWaysIn } from './erasure-repository.ts';
import type { Post } from './mail-service.ts';
import { eraseProfile } from './profile-repository.ts';
import { lockAccount, saveAccount } from './repository.ts';
import { endSessions } from './session-end-service.ts';

/** Nobody signs in to the account any more, and it knows no name. The last mail says that it was so. */
export const closeAccount = async (tx: Transaction, customerId: string, post: Post): Promise<void> => {
  const account = await lockAccount(tx, customerId);
  if (!account || account.state === 'ERASED') return;
  const { email } = account;
  await endSessions(tx, customerId);
  await eraseWaysIn(tx, account);
  if (email !== null) await post(tx, { kind: 'ERASURE_BEGUN', account: { id: customerId, email } });
  await saveAccount(tx, customerId, {
    state: 'ERASED',
    ...{ email: null, emailKey: null, name: null, passwordHash: null },
    ...{ totpId: null, totpEnabledAt: null, recoveryId: null },
  });
  audit(tx, [{ actor: `customer:${customerId}`, action: 'erased', subjectId: customerId }]);
};

/** What the account subgraph still holds of a customer whose account is closed. */
export const eraseOwnPart = async (
  tx: Transaction,
  customerId: string,
): Promise<{ readonly items: number; readonly kept: readonly Kept[] }> => {
  const items = await eraseProfile(tx, customerId);
  await eraseTraces(tx, customerId);
  const { consents, events } = await countKept(tx, customerId);
  return {
    // The account is one of them: it lost its name when it was closed.
    items: items + 1,
    kept: [
      ...keptIf(consents, 'lines of the ledger of consents', 'the shop must be able to prove agreements'),
      ...keptIf(events, 'entries of the audit log', 'the shop must be able to prove who did what'),
    ],
  };
};

const keptIf = (count: number, what: string, reason: string): Kept[] =>
  count > 0
    ? [{ what: `${count} ${what}`, reason: `${reason}; they name an id that leads to no person any more` }]
    : [];
