import { append, type Fact } from '@storegraph/events';
import { isReplay } from '@storegraph/idempotency';
import { type Database, newId, type Transaction, transaction } from '@storegraph/postgres';
import { type Keys, signToken } from '@storegraph/server';
import { type Account, actorOf, isOpen, type OpenAccount } from './account-domain.ts';
import { audit } from './audit-repository.ts';
import { type Asking, asOwner, type Change, whole } from './change-service.ts';
import * as inputs from './inputs.ts';
import type { Post } from './mail-service.ts';
import { type RefreshedKept, repeat, rotate } from './refresh-service.ts';
import { sessionEnded, sessionNotFound } from './refusal-domain.ts';
import { accountById, lockAccount } from './repository.ts';
import type { Secrets } from './secrets-domain.ts';
import { endExcessSessions, endSession, endSessions } from './session-end-service.ts';
import {
  insertChallenge,
  insertSession,
  liveSession,
  lockLiveSession,
  type SessionRow,
} from './session-repository.ts';

/** Short, because whoever does not hear of the sessions that end goes by this alone. */
const accessSeconds = 600;

/** A sign-in that is about to be a session, or to wait for its second factor. */
type SigningIn = {
  readonly account: OpenAccount;
  readonly deviceName: string | null;
  /** Guests who are the customer from now on. */
  readonly guestIds: readonly string[];
  /** What proved who it is. */
  readonly by: string;
};

/** What is kept of a sign-in for repeats: nothing that opens anything. */
export type SignedInKept = { readonly __typename: 'SignedIn'; readonly sessionId: string };
export type SecondFactorKept = {
  readonly __typename: 'SecondFactorNeeded';
  readonly challengeId: string;
  readonly expiresAt: string;
};

export type SessionTokens = {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Date;
  readonly refreshToken: string;
  readonly refreshTokenExpiresAt: Date;
};
export type SignedIn = {
  readonly __typename: 'SignedIn';
  readonly tokens: SessionTokens;
  readonly deviceToken: string;
  readonly session: SessionRow;
  readonly customer: Account | null;
  readonly staffMember: Account | null;
};

type SecondFactorNeeded = {
  readonly __typename: 'SecondFactorNeeded';
  readonly message: string;
  readonly challenge: string;
  readonly expiresAt: Date;
};
type SessionRefreshed = {
  readonly __typename: 'SessionRefreshed';
  readonly tokens: SessionTokens;
  readonly session: SessionRow;
};

/** What a client gets for what is kept. */
type Finished = {
  readonly SignedIn: SignedIn;
  readonly SecondFactorNeeded: SecondFactorNeeded;
  readonly SessionRefreshed: SessionRefreshed;
};
type Whole<Outcome> = Outcome extends { readonly __typename: keyof Finished }
  ? Finished[Outcome['__typename']] | ReturnType<typeof sessionEnded>
  : Outcome;
type Kept = SignedInKept | SecondFactorKept | RefreshedKept;

type Needs = {
  readonly db: Database;
  readonly change: Change;
  readonly secrets: Secrets;
  /** Read at each use, since they change while the process runs. */
  readonly keys: Keys;
  readonly post: Post;
};

const signedInFacts = ({ account, guestIds }: SigningIn): Fact[] => {
  if (account.role !== 'customer') return [];
  const at = new Date().toISOString();
  const guests = guestIds.length === 0 ? [null] : guestIds;
  return guests.map((guestId) => ({
    type: 'account.signed_in',
    aggregateId: account.id,
    data: { customerId: account.id, guestId, at },
  }));
};

/** Begins a session: the sign-in is a fact and stands in the audit log. */
export const openSession = async (tx: Transaction, signingIn: SigningIn): Promise<SignedInKept> => {
  const { account, deviceName, by } = signingIn;
  const sessionId = newId();
  await insertSession(tx, { id: sessionId, accountId: account.id, deviceName }, account.role !== 'customer');
  const endedOthers = await endExcessSessions(tx, account.id);
  append(tx, signedInFacts(signingIn));
  const details = { sessionId, by, ...(endedOthers > 0 && { endedOthers }) };
  audit(tx, [{ actor: actorOf(account), action: 'signed_in', subjectId: account.id, details }]);
  return { __typename: 'SignedIn', sessionId };
};

/** A sign-in that was proved as far as to name the account, and is refused all the same. */
export const auditRefused = (tx: Transaction, accountId: string, by: string): void =>
  audit(tx, [{ actor: 'anonymous', action: 'sign_in_refused', subjectId: accountId, details: { by } }]);

/** Begins a session, or asks for the second factor first where there is one. */
export const openOrChallenge = async (
  tx: Transaction,
  signingIn: SigningIn,
): Promise<SignedInKept | SecondFactorKept> => {
  const { account, deviceName, guestIds } = signingIn;
  if (account.totpEnabledAt === null) return openSession(tx, signingIn);
  const challengeId = newId();
  const guestId = guestIds[0] ?? null;
  const expiresAt = await insertChallenge(tx, {
    id: challengeId,
    accountId: account.id,
    guestId,
    deviceName,
  });
  return { __typename: 'SecondFactorNeeded', challengeId, expiresAt: expiresAt.toISOString() };
};

/** Makes what was kept of a sign-in whole: tokens are derived anew each time, and given only while the session lives. */
export const createFinish = ({ db, secrets, keys }: Pick<Needs, 'db' | 'secrets' | 'keys'>) => {
  const tokensOf = async (
    account: OpenAccount,
    session: SessionRow,
    generation: number,
  ): Promise<SessionTokens> => ({
    accessToken: await signToken(keys, {
      ...{ subject: account.id, role: account.role, sessionId: session.id, lifetimeSeconds: accessSeconds },
    }),
    accessTokenExpiresAt: new Date(Date.now() + accessSeconds * 1000),
    refreshToken: secrets.refreshToken(session.id, generation),
    refreshTokenExpiresAt: session.expiresAt,
  });

  const load = async (sessionId: string) => {
    const session = await liveSession(db, sessionId);
    const account = session && (await accountById(db, session.accountId));
    return session && isOpen(account) ? { session, account } : null;
  };

  const secondFactor = ({ challengeId, expiresAt }: SecondFactorKept): SecondFactorNeeded => ({
    __typename: 'SecondFactorNeeded',
    message: 'Send the code that your authenticator shows, by signInConfirm.',
    challenge: secrets.token('challenge', challengeId),
    expiresAt: new Date(expiresAt),
  });

  const finishOne = async (kept: Kept) => {
    if (kept.__typename === 'SecondFactorNeeded') return secondFactor(kept);
    const found = await load(kept.sessionId);
    if (!found) return sessionEnded();
    const { session, account } = found;
    if (kept.__typename === 'SessionRefreshed') {
      const tokens = await tokensOf(account, session, kept.generation);
      return { __typename: 'SessionRefreshed' as const, tokens, session };
    }
    const isCustomer = account.role === 'customer';
    return {
      __typename: 'SignedIn' as const,
      tokens: await tokensOf(account, session, 0),
      deviceToken: secrets.deviceToken(account.emailKey, session.id),
      session,
      customer: isCustomer ? account : null,
      staffMember: isCustomer ? null : account,
    };
  };

  const isKept = (outcome: object): outcome is Kept => 'sessionId' in outcome || 'challengeId' in outcome;

  /** Anything else passes as it is. */
  return async <Outcome extends { readonly __typename: string }>(
    outcome: Outcome,
  ): Promise<Whole<Outcome>> => {
    const finished = isKept(outcome) ? whole(outcome, await finishOne(outcome)) : outcome;
    // Each kind of outcome is finished as its own, which a condition on a type cannot follow.
    return finished as Whole<Outcome>;
  };
};

export type Finish = ReturnType<typeof createFinish>;

/** Sessions: refreshed, listed and ended. */
export const createSessions = (needs: Needs) => {
  const { change, secrets } = needs;
  const finish = createFinish(needs);

  // Whoever has the token has the keys of its session: an access token may have ended, or be another's.
  const bySession = ({ refreshToken }: { readonly refreshToken: string }): string =>
    `session:${secrets.readRefreshToken(refreshToken)?.sessionId ?? 'none'}`;

  const refresh = change('sessionRefresh', inputs.refreshToken, {
    scope: bySession,
    decide: (tx, command, { viewer }) => rotate(tx, command, { ...needs, viewer }),
  });

  return {
    refresh: async (asking: Asking, input: object) => {
      const outcome = await refresh(asking, input);
      if (outcome.__typename !== 'SessionRefreshed' || !isReplay(outcome)) return finish(outcome);
      const { viewer } = asking;
      return finish(await transaction(needs.db, (tx) => repeat(tx, outcome, { ...needs, viewer })));
    },

    signOut: change('signOut', inputs.refreshToken, {
      scope: bySession,
      decide: async (tx, { refreshToken }) => {
        const read = secrets.readRefreshToken(refreshToken);
        const session = read && (await lockLiveSession(tx, read.sessionId));
        const account = session && (await lockAccount(tx, session.accountId));
        if (!account || !session) return { __typename: 'SignedOut' as const, wasOpen: false };
        const wasOpen = await endSession(tx, account.id, session.id);
        const details = { sessionId: session.id };
        audit(tx, [{ actor: actorOf(account), action: 'signed_out', subjectId: account.id, details }]);
        return { __typename: 'SignedOut' as const, wasOpen };
      },
    }),

    revoke: change('sessionRevoke', inputs.sessionRevoke, {
      decide: asOwner(async (tx, { account }, { sessionId }: { readonly sessionId: string }) => {
        if (!(await endSession(tx, account.id, sessionId))) return sessionNotFound(sessionId);
        audit(tx, [
          {
            actor: actorOf(account),
            action: 'session_revoked',
            subjectId: account.id,
            details: { sessionId },
          },
        ]);
        return { __typename: 'SessionRevoked' as const, sessionId };
      }),
    }),

    revokeOthers: change('otherSessionsRevoke', inputs.nothing, {
      decide: asOwner(async (tx, { account, session }) => {
        const count = await endSessions(tx, account.id, session?.id ?? null);
        audit(tx, [
          { actor: actorOf(account), action: 'sessions_revoked', subjectId: account.id, details: { count } },
        ]);
        return { __typename: 'OtherSessionsRevoked' as const, count };
      }),
    }),
  };
};
