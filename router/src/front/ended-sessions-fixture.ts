import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '@storegraph/events';

/** What account tells when sessions end. */
export const sessionsEnded = (...sessionIds: string[]): StoredEvent<'account.sessions_ended'> => {
  const accountId = randomUUID();
  return {
    ...{ id: 'account:1', publisher: 'account', sequence: 1, type: 'account.sessions_ended', version: 1 },
    ...{ aggregateId: accountId, occurredAt: new Date(), data: { accountId, sessionIds } },
  };
};
