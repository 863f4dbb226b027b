import { AsyncLocalStorage } from 'node:async_hooks';
import { type Database, type Repeating, startRepeating, transaction } from '@storegraph/postgres';
import { audit } from './audit-repository.ts';
import { countRefused, type RefusedSignIn, takeRefused } from './refused-sign-in-repository.ts';

/**
 * How often refused sign-ins are entered, and of how many accounts at a time: of all the guesses of the world the
 * chain, which is kept for ever, grows by 60,000 entries a day at most. What is left waits its turn.
 */
const enterEveryMs = 5 * 60_000;
const maxEntered = 200;

export type NoteRefused = (refused: RefusedSignIn) => Promise<void>;

/**
 * Counts refused sign-ins before they are answered: whoever comes while one statement is on its way goes with the
 * next. So a flood waits for few commits, as long for an address that has an account as for one that has none.
 */
export const createRefusedSignIns = (db: Database): NoteRefused => {
  // What is counted together must not end with the deadline of one.
  const outsideRequests = AsyncLocalStorage.snapshot();
  let batch: RefusedSignIn[] = [];
  let next: Promise<void> | null = null;
  let last: Promise<void> = Promise.resolve();

  const count = (): Promise<void> => {
    const counted = batch;
    batch = [];
    next = null;
    return countRefused(db, counted);
  };
  return (refused) => {
    batch.push(refused);
    if (next === null) {
      next = outsideRequests(() => last.then(count));
      last = next.catch(() => undefined);
    }
    return next;
  };
};

/** Enters what was counted into the audit log: both or neither, whoever crashes between. */
export const enterRefusedSignIns = (db: Database): Promise<void> =>
  transaction(db, async (tx) => {
    const taken = await takeRefused(tx, maxEntered);
    if (taken.length === 0) return;
    audit(
      tx,
      taken.map(({ accountId, refused, delayed, since, until }) => ({
        ...{ actor: 'anonymous', action: 'sign_in_refused', subjectId: accountId },
        details: { refused, delayed, since: since.toISOString(), until: until.toISOString() },
      })),
    );
  });

/** Enters refused sign-ins while the subgraph runs. */
export const startEntering = (db: Database, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => enterRefusedSignIns(db), { everyMs: enterEveryMs, onError });
