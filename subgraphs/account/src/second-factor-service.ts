import type { Transaction } from '@storegraph/postgres';
import { callerScope, type Viewer } from '@storegraph/server';
import { type Account, noSecondFactor } from './account-domain.ts';
import { codeSubjects } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import { asStaff } from './change-service.ts';
import * as inputs from './inputs.ts';
import { accountNotFound, notOneself } from './refusal-domain.ts';
import { saveAccount } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { endSessions } from './session-end-service.ts';
import { isOneself, roleOf } from './staff-service.ts';

type Removal = {
  readonly viewer: Viewer;
  readonly kind: 'customer' | 'staff';
  /** One of a few words: the audit log is for good. */
  readonly reason: string;
};

/** Takes away second factors that their owners have lost. Whose account it is still has to know the password. */
export const createSecondFactors = ({ change, post, attempts }: IdentityNeeds) => {
  /** The repeat of what is so already changes nothing. False when there is no such account. */
  const remove = async (
    tx: Transaction,
    account: Account | null,
    { viewer, kind, reason }: Removal,
  ): Promise<boolean> => {
    // An account without an address is erased.
    if (!account || account.email === null || (roleOf(account) === null) !== (kind === 'customer'))
      return false;
    const { id, email } = account;
    if (account.totpEnabledAt === null) return true;
    await saveAccount(tx, id, noSecondFactor);
    await endSessions(tx, id);
    await attempts.succeeded(tx, codeSubjects(id));
    audit(tx, [{ actor: callerScope(viewer), action: 'totp_disabled', subjectId: id, details: { reason } }]);
    await post(tx, { kind: 'TOTP_REMOVED', account: { id, email } });
    return true;
  };

  return {
    removeOfCustomer: change('customerSecondFactorRemove', inputs.customerSecondFactorRemove, {
      decide: asStaff(
        ({ customerId }) => customerId,
        async (tx, account, { customerId, reason }, { viewer }) =>
          (await remove(tx, account, { viewer, kind: 'customer', reason }))
            ? { __typename: 'CustomerSecondFactorRemoved' as const, customerId }
            : accountNotFound(customerId),
      ),
    }),

    removeOfStaff: change('staffSecondFactorRemove', inputs.staffSecondFactorRemove, {
      decide: asStaff(
        ({ staffId }) => staffId,
        async (tx, account, { staffId, reason }, { viewer }) => {
          if (isOneself(viewer, staffId)) return notOneself();
          return (await remove(tx, account, { viewer, kind: 'staff', reason }))
            ? { __typename: 'StaffSecondFactorRemoved' as const, staffId }
            : accountNotFound(staffId);
        },
      ),
    }),
  };
};
