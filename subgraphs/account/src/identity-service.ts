import { append } from '@storegraph/events';
import { newId, type Transaction } from '@storegraph/postgres';
import { callerScope } from '@storegraph/server';
import { actorOf, emailKeyOf, isEmail, isOpen } from './account-domain.ts';
import { flowSubjects } from './attempt-domain.ts';
import { audit } from './audit-repository.ts';
import { type Asking, asOwner, lockOwner, type Owner, ownerOf, whole } from './change-service.ts';
import {
  deleteIdentity,
  type FlowRow,
  identitiesOf,
  identityOf,
  insertFlow,
  insertIdentity,
  useFlow,
} from './identity-repository.ts';
import * as inputs from './inputs.ts';
import type { Identity } from './openid.ts';
import { identityRefused, providerRefused, sessionEnded } from './refusal-domain.ts';
import { accountByEmail, accountById, insertAccount, lockAccount } from './repository.ts';
import type { IdentityNeeds } from './service.ts';
import { endSession } from './session-end-service.ts';
import { auditRefused, openOrChallenge, openSession } from './session-service.ts';
import { guestOf } from './sign-up-service.ts';

type Arrival = {
  readonly flow: FlowRow;
  readonly identity: Identity;
  readonly asking: Asking;
  readonly deviceName: string | null;
};

const noted = ({ flow, identity }: Arrival, accountId: string) => ({
  ...{ id: newId(), accountId, provider: flow.provider },
  ...{ issuer: identity.issuer, subject: identity.subject, email: identity.email },
});

const signingIn = ({ flow, asking, deviceName }: Arrival) => ({
  deviceName,
  guestIds: [...new Set([guestOf(asking), flow.guestId])].filter((guest) => guest !== null),
  by: `identity ${flow.provider}`,
});

/** The account that began it takes the identity as a way in; its session goes on as a new one. */
const link = async (tx: Transaction, arrival: Arrival) => {
  const { flow, identity, asking } = arrival;
  const owner = await lockOwner(tx, asking.viewer);
  if (!owner) return sessionEnded();
  const { account, session } = owner;
  if (account.id !== flow.accountId) return identityRefused('NOT_FINISHED');
  const isNew = await insertIdentity(tx, noted(arrival, account.id));
  if (!isNew && (await identityOf(tx, identity))?.accountId !== account.id)
    return identityRefused('LINKED_ELSEWHERE');
  const details = { provider: flow.provider };
  if (isNew)
    audit(tx, [{ actor: actorOf(account), action: 'identity_linked', subjectId: account.id, details }]);
  if (session) await endSession(tx, account.id, session.id);
  return openSession(tx, { ...signingIn(arrival), account });
};

/** Somebody we have never seen, whose address the provider vouches for, gets an account unless the address has one. */
const admit = async (tx: Transaction, arrival: Arrival) => {
  const { email, isEmailVerified } = arrival.identity;
  if (email === null || !isEmailVerified || !isEmail(email)) return identityRefused('EMAIL_NOT_VERIFIED');
  const emailKey = emailKeyOf(email);
  // Not linked by the address alone: its owner here decides who may sign in.
  if (await accountByEmail(tx, emailKey)) return identityRefused('LINK_FIRST');
  const id = newId();
  const isMade = await insertAccount(tx, {
    id,
    role: 'customer',
    email,
    emailKey,
    name: null,
    passwordHash: null,
  });
  const account = isMade ? await accountById(tx, id) : null;
  if (!isOpen(account)) return identityRefused('LINK_FIRST');
  if (!(await insertIdentity(tx, noted(arrival, id)))) throw new Error('An identity was linked meanwhile.');
  append(tx, [{ type: 'account.customer_created', aggregateId: id, data: { customerId: id } }]);
  const details = { by: signingIn(arrival).by };
  audit(tx, [{ actor: `customer:${id}`, action: 'account_created', subjectId: id, details }]);
  return openSession(tx, { ...signingIn(arrival), account });
};

const arrive = async (tx: Transaction, arrival: Arrival) => {
  if (arrival.flow.accountId !== null) return link(tx, arrival);
  const known = await identityOf(tx, arrival.identity);
  if (!known) return admit(tx, arrival);
  const account = await lockAccount(tx, known.accountId);
  if (!isOpen(account)) {
    auditRefused(tx, known.accountId, signingIn(arrival).by);
    return identityRefused('ACCOUNT_CLOSED');
  }
  return openOrChallenge(tx, { ...signingIn(arrival), account });
};

/** Takes an identity away, unless nothing else opens the account. */
const unlink = async (
  tx: Transaction,
  { account }: Owner,
  { identityId }: { readonly identityId: string },
) => {
  const linked = await identitiesOf(tx, account.id);
  const identity = linked.find(({ id }) => id === identityId);
  if (!identity) return identityRefused('NOT_LINKED');
  if (account.passwordHash === null && linked.length === 1) return identityRefused('ONLY_WAY_IN');
  await deleteIdentity(tx, account.id, identityId);
  const details = { provider: identity.provider };
  audit(tx, [{ actor: actorOf(account), action: 'identity_unlinked', subjectId: account.id, details }]);
  return { __typename: 'IdentityUnlinked' as const, identityId };
};

/** Sign-in by somebody else's word. */
export const createIdentities = ({ db, change, secrets, attempts, finish, providers }: IdentityNeeds) => {
  const start = change('identityStart', inputs.identityStart, {
    // Strangers have one name: of two with the same key, neither may be given the other's way.
    scope: (_command, { viewer, address }) => `${callerScope(viewer)} ${address ?? ''}`,
    before: async ({ provider: name, redirectUri }, { viewer, address }) => {
      const provider = providers.find(name);
      if (!provider?.redirectUris.includes(redirectUri))
        return {
          refusal: providerRefused(name, 'There is no such provider, or it may not send people back there.'),
        };
      const delayed = await attempts.take(flowSubjects(address));
      if (delayed) return { refusal: delayed };
      const isAccount = viewer.kind === 'customer' || viewer.kind === 'staff';
      const owner = await ownerOf(db, viewer);
      if (isAccount && !owner) return { refusal: sessionEnded() };
      const flowId = newId();
      const url = await providers.urlFor(provider, { redirectUri, ...secrets.flow(flowId) });
      if (url === null)
        return { refusal: providerRefused(name, 'The provider does not answer: try again later.') };
      return {
        ready: { id: flowId, provider: name, redirectUri, accountId: owner?.account.id ?? null, url },
      };
    },
    decide: async (tx, _command, asking, { url, ...flow }) => {
      const expiresAt = await insertFlow(tx, { ...flow, guestId: guestOf(asking) });
      return {
        __typename: 'IdentityStarted' as const,
        flowId: flow.id,
        url,
        expiresAt: expiresAt.toISOString(),
      };
    },
  });

  const come = change('identityFinish', inputs.identityFinish, {
    before: async ({ flow: token, callbackUrl }) => {
      const id = secrets.idOf('flow', token);
      // Gone before the provider is asked: nobody asks it twice with one code.
      const flow = id === null ? null : await useFlow(db, id);
      if (!flow) return { refusal: identityRefused('NOT_FINISHED') };
      const provider = providers.find(flow.provider);
      if (!provider)
        return { refusal: providerRefused(flow.provider, 'The provider is not taken any more.') };
      const { redirectUri } = flow;
      const begun = { redirectUri, ...secrets.flowBack(flow.id, callbackUrl) };
      const identity = await providers.identity(provider, begun, callbackUrl);
      return identity ? { ready: { flow, identity } } : { refusal: identityRefused('NOT_FINISHED') };
    },
    decide: (tx, { deviceName }, asking, found) => arrive(tx, { ...found, asking, deviceName }),
  });

  return {
    start: async (...asked: Parameters<typeof start>) => {
      const outcome = await start(...asked);
      if (outcome.__typename !== 'IdentityStarted') return outcome;
      const { __typename, flowId, url, expiresAt } = outcome;
      return whole(outcome, {
        __typename,
        url,
        flow: secrets.token('flow', flowId),
        expiresAt: new Date(expiresAt),
      });
    },

    finish: async (...asked: Parameters<typeof come>) => finish(await come(...asked)),

    unlink: change('identityUnlink', inputs.identityUnlink, { decide: asOwner(unlink) }),
  };
};
