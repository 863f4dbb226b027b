import type { Viewer } from '@storegraph/server';
import { GraphQLError } from 'graphql';
import type { Account, CustomerReference, OpenAccount } from './account-domain.ts';
import { auditCursorOf } from './audit-domain.ts';
import { auditPageInfo } from './audit-service.ts';
import { dataResolvers } from './data-resolvers.ts';
import type { Context } from './main.ts';
import type { Resolvers, StaffRole } from './schema.generated.ts';
import { recoveryCodeCount } from './secrets-domain.ts';

const query: Resolvers['Query'] = {
  me: (_parent, _args, { loaders }) => loaders.me(),
  mySecurity: (_parent, _args, { loaders }) => loaders.own(),
  customer: (_parent, { id }, { loaders }) => loaders.customer(id),
  customerByEmail: (_parent, { email }, { loaders }) => loaders.customerByEmail(email),
  staffMembers: (_parent, _args, { loaders }) => loaders.staff(),
  identityProviders: (_parent, _args, { accounts }) =>
    accounts.providers.map(({ name, title }) => ({ name, title })),
  auditEntries: async (_parent, { first, ...wish }, { loaders }) => {
    const page = await loaders.auditPage({ ...wish, first: first ?? defaultAuditEntries });
    if ('problem' in page) throw refused('BAD_USER_INPUT', page.problem);
    return page;
  },
  mailbox: (_parent, { first }, { loaders, viewer }) => {
    if (viewer.kind !== 'service') throw refused('FORBIDDEN', 'Only services of the shop read the mailbox.');
    return loaders.mailbox(first);
  },
};

const mutation: Resolvers['Mutation'] = {
  guestCreate: (_parent, { input }, { accounts, asking }) => accounts.guests.create(asking, input),
  signUp: (_parent, { input }, { accounts, asking }) => accounts.signUps.signUp(asking, input),
  emailVerify: (_parent, { input }, { accounts, asking }) => accounts.signUps.verify(asking, input),
  signIn: (_parent, { input }, { accounts, asking }) => accounts.signIns.signIn(asking, input),
  signInConfirm: (_parent, { input }, { accounts, asking }) => accounts.signIns.confirm(asking, input),
  sessionRefresh: (_parent, { input }, { accounts, asking }) => accounts.sessions.refresh(asking, input),
  signOut: (_parent, { input }, { accounts, asking }) => accounts.sessions.signOut(asking, input),
  sessionRevoke: (_parent, { input }, { accounts, asking }) => accounts.sessions.revoke(asking, input),
  otherSessionsRevoke: (_parent, { input }, { accounts, asking }) =>
    accounts.sessions.revokeOthers(asking, input),
  passwordChange: (_parent, { input }, { accounts, asking }) => accounts.passwords.change(asking, input),
  passwordResetRequest: (_parent, { input }, { accounts, asking }) => accounts.resets.request(asking, input),
  passwordReset: (_parent, { input }, { accounts, asking }) => accounts.resets.reset(asking, input),
  emailChangeRequest: (_parent, { input }, { accounts, asking }) =>
    accounts.emails.requestChange(asking, input),
  emailChangeConfirm: (_parent, { input }, { accounts, asking }) =>
    accounts.emails.confirmChange(asking, input),
  totpEnroll: (_parent, { input }, { accounts, asking }) => accounts.totp.enroll(asking, input),
  totpConfirm: (_parent, { input }, { accounts, asking }) => accounts.totp.confirm(asking, input),
  totpDisable: (_parent, { input }, { accounts, asking }) => accounts.totp.disable(asking, input),
  recoveryCodesRenew: (_parent, { input }, { accounts, asking }) => accounts.totp.renew(asking, input),
  identityStart: (_parent, { input }, { accounts, asking }) => accounts.identities.start(asking, input),
  identityFinish: (_parent, { input }, { accounts, asking }) => accounts.identities.finish(asking, input),
  identityUnlink: (_parent, { input }, { accounts, asking }) => accounts.identities.unlink(asking, input),
  staffCreate: (_parent, { input }, { accounts, asking }) => accounts.staff.create(asking, input),
  staffRoleChange: (_parent, { input }, { accounts, asking }) => accounts.staff.changeRole(asking, input),
  staffSuspend: (_parent, { input }, { accounts, asking }) => accounts.staff.suspend(asking, input),
  staffRestore: (_parent, { input }, { accounts, asking }) => accounts.staff.restore(asking, input),
  customerSuspend: (_parent, { input }, { accounts, asking }) =>
    accounts.staff.suspendCustomer(asking, input),
  customerRestore: (_parent, { input }, { accounts, asking }) =>
    accounts.staff.restoreCustomer(asking, input),
  customerSecondFactorRemove: (_parent, { input }, { accounts, asking }) =>
    accounts.secondFactors.removeOfCustomer(asking, input),
  staffSecondFactorRemove: (_parent, { input }, { accounts, asking }) =>
    accounts.secondFactors.removeOfStaff(asking, input),
};

const customer: Resolvers['Customer'] = {
  __resolveReference: ({ id }, { loaders }) => loaders.customer(id),
  email: async (parent, _args, context) => (await rowOf(parent, context)).email,
  emailVerifiedAt: async (parent, _args, context) => (await rowOf(parent, context)).emailVerifiedAt,
  createdAt: async (parent, _args, context) => (await rowOf(parent, context)).createdAt,
  state: async (parent, _args, context) => (await rowOf(parent, context)).state,
};

const defaultAuditEntries = 50;

type OfStaff = { readonly staffId: string };
const ofStaff = {
  staffMember: async ({ staffId }: OfStaff, _args: unknown, { loaders }: Context) =>
    found(await loaders.staffMember(staffId)),
};
type OfCustomer = { readonly customerId: string };
const ofCustomer = { customer: ({ customerId }: OfCustomer): CustomerReference => ({ id: customerId }) };

/** GraphQL in, one call, GraphQL out. */
export const resolvers: Resolvers = {
  ...dataResolvers,
  Query: { ...query, ...dataResolvers.Query },
  Mutation: { ...mutation, ...dataResolvers.Mutation },
  Customer: { ...customer, ...dataResolvers.Customer },
  StaffMember: {
    __resolveReference: ({ id }, { loaders }) => loaders.staffMember(id),
    email: ({ email }) => email ?? '',
    name: ({ name }) => name ?? '',
    role: ({ role }) => staffRoleOf(role),
  },
  AccountSecurity: {
    accountId: ({ id }) => id,
    hasPassword: ({ passwordHash }) => passwordHash !== null,
    recoveryCodesLeft: (account) => recoveryCodesLeft(account),
    identities: ({ id }, _args, { loaders }) => loaders.identitiesOf(id),
    sessions: ({ id }, _args, { loaders }) => loaders.sessionsOf(id),
  },
  Session: { isCurrent: ({ id }, _args, { viewer }) => isSessionOf(viewer, id) },
  AuditEntry: {
    id: ({ entryId }) => String(entryId),
    details: ({ details }) => JSON.stringify(details),
    hash: ({ hash }) => hash.toString('hex'),
  },
  AuditEntryConnection: {
    edges: ({ entries }) => entries.map((node) => ({ node, cursor: auditCursorOf(node.entryId) })),
    nodes: ({ entries }) => entries,
    pageInfo: auditPageInfo,
  },
  Mail: {
    to: ({ email }) => email,
    subject: ({ subject }) => subject ?? '',
    text: ({ body }) => body ?? '',
    at: ({ createdAt }) => createdAt,
  },
  PasswordChanged: { changedAt: ({ changedAt }) => new Date(changedAt) },
  TotpDisabled: { disabledAt: ({ disabledAt }) => new Date(disabledAt) },
  StaffCreated: ofStaff,
  StaffRoleChanged: ofStaff,
  StaffSuspended: ofStaff,
  StaffRestored: ofStaff,
  StaffSecondFactorRemoved: ofStaff,
  CustomerSuspended: ofCustomer,
  CustomerRestored: ofCustomer,
  CustomerSecondFactorRemoved: ofCustomer,
};

const refused = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });

const isSessionOf = (viewer: Viewer, id: string): boolean =>
  viewer.kind !== 'anonymous' && viewer.sessionId === id;

/** Customers have no role here: their accounts are not read as staff. */
const staffRoleOf = (role: Account['role']): StaffRole => {
  if (role === 'customer') throw new Error('A customer was read as a member of staff.');
  return role.toUpperCase() as StaffRole; // the enum's names are the roles in capitals
};

const recoveryCodesLeft = ({ recoveryId, recoveryUsed }: OpenAccount): number => {
  if (recoveryId === null) return 0;
  const used = Array.from({ length: recoveryCodeCount }, (_, place) => (recoveryUsed >> place) & 1);
  return used.filter((bit) => bit === 0).length;
};

/** Whoever has just signed in asks as the guest they were, so the row is handed on. */
const rowOf = async (customer: CustomerReference, { loaders }: Context): Promise<Account> =>
  'email' in customer ? customer : found(await loaders.customer(customer.id));

/** Who was named is there: rows point to rows that the database keeps for them. */
const found = <T>(row: T | null): T => {
  if (row === null) throw new Error('A row points to another that is not there.');
  return row;
};
