import { append } from '@storegraph/events';
import { type Database, newId, type Transaction, transaction } from '@storegraph/postgres';
import { type InvalidInput, parseInput } from '@storegraph/server';
import { type Account, emailKeyOf, isOpen, type OpenAccount } from './account-domain.ts';
import { audit } from './audit-repository.ts';
import * as inputs from './inputs.ts';
import { queueMail } from './mail-service.ts';
import { accountByEmail, insertAccount, lockAccount, saveAccount } from './repository.ts';
import { endSessions } from './session-end-service.ts';

/** How an appointment ends. */
export type Appointment =
  | { readonly __typename: 'Appointed'; readonly staffId: string; readonly isInvited: boolean }
  | { readonly __typename: 'NotAppointed'; readonly message: string }
  | InvalidInput;

/** Whoever has the database at hand: nobody in the graph could give the first administrator the right to be one. */
const operator = 'operator';

const refusals = {
  CUSTOMER: 'The address is a customer’s, whose orders and addresses staff do not have: take another.',
  SUSPENDED: 'The account is suspended: take another address, and restore it by the graph.',
} as const;

const notAppointed = (why: keyof typeof refusals): Appointment => ({
  __typename: 'NotAppointed',
  message: refusals[why],
});

/** The account of the address, held; a new one where there is none. */
const openAccountOf = async (
  tx: Transaction,
  { email, name }: { readonly email: string; readonly name: string },
): Promise<{ readonly account: Account; readonly isNew: boolean }> => {
  const id = newId();
  const emailKey = emailKeyOf(email);
  const isNew = await insertAccount(tx, { id, role: 'admin', email, emailKey, name, passwordHash: null });
  const found = isNew ? { id } : await accountByEmail(tx, emailKey);
  const account = found && (await lockAccount(tx, found.id));
  if (!account) throw new Error('The account of the address went away while it was read.');
  return { account, isNew };
};

const noteAppointed = async (tx: Transaction, account: OpenAccount, isNew: boolean): Promise<void> => {
  const { id, role: from } = account;
  if (!isNew) {
    await saveAccount(tx, id, { role: 'admin' });
    await endSessions(tx, id);
  }
  const data = { staffId: id, role: 'admin' as const, isActive: true };
  append(tx, [{ type: 'account.staff_changed', aggregateId: id, data }]);
  const change = isNew
    ? { action: 'account_created' as const, details: { role: 'admin' } }
    : { action: 'role_changed' as const, details: { from, to: 'admin' } };
  audit(tx, [{ actor: operator, subjectId: id, ...change }]);
};

/**
 * Makes somebody an administrator by their address, and sends them a mail to set a password by where they have none.
 * Repeating it changes nothing, and sends the mail again.
 */
export const appoint = async (db: Database, wish: object): Promise<Appointment> => {
  const parsed = parseInput(inputs.appointment, wish);
  if ('invalid' in parsed) return parsed.invalid;
  return transaction(db, async (tx): Promise<Appointment> => {
    const { account, isNew } = await openAccountOf(tx, parsed.input);
    if (account.role === 'customer') return notAppointed('CUSTOMER');
    if (!isOpen(account)) return notAppointed('SUSPENDED');
    if (isNew || account.role !== 'admin') await noteAppointed(tx, account, isNew);
    const isInvited = account.passwordHash === null;
    if (isInvited) await queueMail(tx, { kind: 'INVITE', account });
    return { __typename: 'Appointed', staffId: account.id, isInvited };
  });
};
