import { append } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import { callerScope, type Viewer } from '@storegraph/server';
import { type Account, emailKeyOf, isOpen, type StaffRole } from './account-domain.ts';
import { audit } from './audit-repository.ts';
import { asStaff } from './change-service.ts';
import * as inputs from './inputs.ts';
import { accountNotFound, emailTaken, notOneself } from './refusal-domain.ts';
import { accountById, insertAccount, saveAccount } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { endSessions } from './session-end-service.ts';

/** What is kept of a change: the member of staff is read again for each answer. */
export type StaffOutcome = { readonly staffId: string };

type Suspension = {
  readonly viewer: Viewer;
  readonly kind: 'customer' | 'staff';
  readonly isActive: boolean;
  readonly reason: string;
};

type NewStaff = { readonly email: string; readonly name: string; readonly role: StaffRole };
type NewRole = { readonly staffId: string; readonly role: StaffRole };

const staffFact = (staffId: string, role: StaffRole, isActive: boolean) => ({
  type: 'account.staff_changed' as const,
  aggregateId: staffId,
  data: { staffId, role, isActive },
});

const customerFact = (customerId: string, isActive: boolean) => ({
  type: isActive ? ('account.customer_restored' as const) : ('account.customer_suspended' as const),
  aggregateId: customerId,
  data: { customerId },
});

export const roleOf = ({ role }: Account): StaffRole | null => (role === 'customer' ? null : role);

/** Suspends or restores an account; the repeat of what is so already changes nothing. False when there is none. */
const setState = async (
  tx: Transaction,
  account: Account | null,
  { viewer, kind, isActive, reason }: Suspension,
): Promise<boolean> => {
  if (!account || account.state === 'ERASED' || (roleOf(account) === null) !== (kind === 'customer'))
    return false;
  const { id } = account;
  const state = isActive ? 'ACTIVE' : 'SUSPENDED';
  if (account.state === state) return true;
  await saveAccount(tx, id, { state });
  if (!isActive) await endSessions(tx, id);
  const role = roleOf(account);
  append(tx, [role === null ? customerFact(id, isActive) : staffFact(id, role, isActive)]);
  const action = isActive ? ('restored' as const) : ('suspended' as const);
  audit(tx, [{ actor: callerScope(viewer), action, subjectId: id, details: { reason } }]);
  return true;
};

export const isOneself = (viewer: Viewer, id: string): boolean => viewer.kind === 'staff' && viewer.id === id;

type StaffReason = { readonly staffId: string; readonly reason: string };
const staffIdOf = ({ staffId }: { readonly staffId: string }): string => staffId;
type CustomerReason = { readonly customerId: string; readonly reason: string };
const customerIdOf = ({ customerId }: CustomerReason): string => customerId;

/** What staff do to accounts; the schema says who may. Each of it stands in the audit log. */
export const createStaff = ({ change, post }: IdentityNeeds) => ({
  create: change('staffCreate', inputs.staffCreate, {
    decide: asStaff(
      () => null,
      async (tx, _target, { email, name, role }: NewStaff, { viewer }) => {
        const id = newId();
        const isMade = await insertAccount(tx, {
          ...{ id, role, email, emailKey: emailKeyOf(email), name, passwordHash: null },
        });
        const account = isMade ? await accountById(tx, id) : null;
        if (!isOpen(account)) return emailTaken(email);
        append(tx, [staffFact(id, role, true)]);
        audit(tx, [
          { actor: callerScope(viewer), action: 'account_created', subjectId: id, details: { role } },
        ]);
        await post(tx, { kind: 'INVITE', account });
        return { __typename: 'StaffCreated' as const, staffId: id };
      },
    ),
  }),

  changeRole: change('staffRoleChange', inputs.staffRoleChange, {
    decide: asStaff(staffIdOf, async (tx, account, { staffId, role }: NewRole, { viewer }) => {
      // So there is always one left who may.
      if (isOneself(viewer, staffId)) return notOneself();
      const from = account && roleOf(account);
      if (!account || from === null) return accountNotFound(staffId);
      if (from !== role) {
        await saveAccount(tx, staffId, { role });
        await endSessions(tx, staffId);
        append(tx, [staffFact(staffId, role, account.state === 'ACTIVE')]);
        const details = { from, to: role };
        audit(tx, [{ actor: callerScope(viewer), action: 'role_changed', subjectId: staffId, details }]);
      }
      return { __typename: 'StaffRoleChanged' as const, staffId };
    }),
  }),

  suspend: change('staffSuspend', inputs.staffReason, {
    decide: asStaff(staffIdOf, async (tx, account, { staffId, reason }: StaffReason, { viewer }) => {
      if (isOneself(viewer, staffId)) return notOneself();
      const isDone = await setState(tx, account, { viewer, kind: 'staff', isActive: false, reason });
      return isDone ? { __typename: 'StaffSuspended' as const, staffId } : accountNotFound(staffId);
    }),
  }),

  restore: change('staffRestore', inputs.staffReason, {
    decide: asStaff(staffIdOf, async (tx, account, { staffId, reason }: StaffReason, { viewer }) => {
      const isDone = await setState(tx, account, { viewer, kind: 'staff', isActive: true, reason });
      return isDone ? { __typename: 'StaffRestored' as const, staffId } : accountNotFound(staffId);
    }),
  }),

  suspendCustomer: change('customerSuspend', inputs.customerReason, {
    decide: asStaff(customerIdOf, async (tx, account, { customerId, reason }, { viewer }) => {
      const isDone = await setState(tx, account, { viewer, kind: 'customer', isActive: false, reason });
      return isDone ? { __typename: 'CustomerSuspended' as const, customerId } : accountNotFound(customerId);
    }),
  }),

  restoreCustomer: change('customerRestore', inputs.customerReason, {
    decide: asStaff(customerIdOf, async (tx, account, { customerId, reason }, { viewer }) => {
      const isDone = await setState(tx, account, { viewer, kind: 'customer', isActive: true, reason });
      return isDone ? { __typename: 'CustomerRestored' as const, customerId } : accountNotFound(customerId);
    }),
  }),
});
