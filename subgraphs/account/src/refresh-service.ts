import type { Transaction } from '@storegraph/postgres';
import { callerScope, type Viewer } from '@storegraph/server';
import { isOpen, type OpenAccount } from './account-domain.ts';
import { audit } from './audit-repository.ts';
import type { Post } from './mail-service.ts';
import { sessionEnded } from './refusal-domain.ts';
import { accountById } from './repository.ts';
import type { Secrets } from './secrets-domain.ts';
import { endSession } from './session-end-service.ts';
import { lockLiveSession, rotateSession, type SessionRow } from './session-repository.ts';

/** How long a client that has lost the answer may ask for it again. */
const retryMs = 60_000;

/** What is kept of a refresh for repeats: nothing that opens anything. */
export type RefreshedKept = {
  readonly __typename: 'SessionRefreshed';
  readonly sessionId: string;
  readonly generation: number;
};

type Refreshing = { readonly secrets: Secrets; readonly post: Post; readonly viewer: Viewer };

/** Ends a session of whose refresh token somebody has a copy; the owner is told. */
const endCopied = async (
  tx: Transaction,
  { account, session }: { readonly account: OpenAccount; readonly session: SessionRow },
  { viewer, post }: Refreshing,
): Promise<ReturnType<typeof sessionEnded>> => {
  await endSession(tx, account.id, session.id);
  const details = { sessionId: session.id };
  audit(tx, [{ actor: callerScope(viewer), action: 'refresh_token_reused', subjectId: account.id, details }]);
  await post(tx, { kind: 'SESSION_COPIED', account });
  return sessionEnded();
};

/** The next refresh token for this one; for one that was used before, the end of its session. */
export const rotate = async (
  tx: Transaction,
  { refreshToken }: { readonly refreshToken: string },
  refreshing: Refreshing,
): Promise<RefreshedKept | ReturnType<typeof sessionEnded>> => {
  const read = refreshing.secrets.readRefreshToken(refreshToken);
  const session = read && (await lockLiveSession(tx, read.sessionId));
  const account = session && (await accountById(tx, session.accountId));
  if (!read || !session || !isOpen(account) || read.generation > session.generation) return sessionEnded();
  if (read.generation < session.generation) return endCopied(tx, { account, session }, refreshing);
  await rotateSession(tx, session.id, account.role !== 'customer');
  return { __typename: 'SessionRefreshed', sessionId: session.id, generation: session.generation + 1 };
};

/**
 * A repeat is a retry only for a moment, and while what it gave was not used. The key of a token is no secret, so a
 * later one is a second use like any other.
 */
export const repeat = async (
  tx: Transaction,
  kept: RefreshedKept,
  refreshing: Refreshing,
): Promise<RefreshedKept | ReturnType<typeof sessionEnded>> => {
  const session = await lockLiveSession(tx, kept.sessionId);
  const account = session && (await accountById(tx, session.accountId));
  if (!session || !isOpen(account)) return sessionEnded();
  const isRetry =
    session.generation === kept.generation && Date.now() - session.lastUsedAt.getTime() < retryMs;
  return isRetry ? kept : endCopied(tx, { account, session }, refreshing);
};
