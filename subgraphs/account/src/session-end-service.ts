import { append } from '@storegraph/events';
import type { Transaction } from '@storegraph/postgres';
import { isId } from './repository.ts';
import { saveEnd, saveEndOfExcess } from './session-repository.ts';

/** How many sessions one fact names. */
const maxNamed = 100;

/** Whoever takes access tokens hears which of them are over. Each way to end a session comes by here. */
const tell = (tx: Transaction, accountId: string, ended: readonly string[]): number => {
  for (let start = 0; start < ended.length; start += maxNamed) {
    const sessionIds = ended.slice(start, start + maxNamed);
    append(tx, [{ type: 'account.sessions_ended', aggregateId: accountId, data: { accountId, sessionIds } }]);
  }
  return ended.length;
};

/** Ends a session; false when it had ended, or is not of this account. */
export const endSession = async (tx: Transaction, accountId: string, id: string): Promise<boolean> =>
  isId(id) && tell(tx, accountId, await saveEnd(tx, accountId, { only: id })) > 0;

/** Ends the sessions of an account, but for one when it is named. Answers how many. */
export const endSessions = async (
  tx: Transaction,
  accountId: string,
  except: string | null = null,
): Promise<number> => tell(tx, accountId, await saveEnd(tx, accountId, { except }));

/** Ends those that were left longest, where an account has more than it may. Answers how many. */
export const endExcessSessions = async (tx: Transaction, accountId: string): Promise<number> =>
  tell(tx, accountId, await saveEndOfExcess(tx, accountId));
