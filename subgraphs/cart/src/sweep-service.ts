import { append } from '@storegraph/events';
import { type Database, type Repeating, startRepeating, transaction } from '@storegraph/postgres';
import { abandonedAfterMs } from './domain.ts';
import { forgetGuestCarts, halfMergedGuests, markAbandoned } from './sweep-repository.ts';

/** How often carts that were left are looked for: nobody waits for the minute. */
const sweepEveryMs = 60_000;
/** How often merges that were cut short are looked for: somebody misses what was in that cart. */
const finishEveryMs = 5_000;
/** Longer than a call can take, so that nobody does again what is under way; it would do no harm. */
const cutShortAfterMs = 15_000;
/** What one transaction takes. */
const sweptAtOnce = 500;
/** A guest who comes back after so long has another token. */
const guestsKeptMs = 30 * 24 * 60 * 60_000;

/** Publishes which carts were left, and forgets guests' old ones. Any number of processes may do so. */
export const sweep = async (db: Database, now: Date): Promise<{ abandoned: number; forgotten: number }> => {
  const before = (ms: number) => ({ before: new Date(now.getTime() - ms), most: sweptAtOnce });
  const abandoned = await untilFew(() =>
    transaction(db, async (tx) => {
      const left = await markAbandoned(tx, before(abandonedAfterMs));
      append(
        tx,
        left.map((cart) => ({ type: 'cart.abandoned', aggregateId: cart.cartId, data: cart })),
      );
      return left.length;
    }),
  );
  const forgotten = await untilFew(() => transaction(db, (tx) => forgetGuestCarts(tx, before(guestsKeptMs))));
  return { abandoned, forgotten };
};

const untilFew = async (work: () => Promise<number>): Promise<number> => {
  for (let total = 0; ; ) {
    const done = await work();
    total += done;
    if (done < sweptAtOnce) return total;
  }
};

type Finish = (guestIds: readonly string[]) => Promise<void>;

/** Ends merges that were cut short, whichever process they were begun in. Any number of processes may do so. */
export const finishMerges = async (db: Database, finish: Finish, now: Date): Promise<void> => {
  const before = new Date(now.getTime() - cutShortAfterMs);
  await finish(await halfMergedGuests(db, { before, most: sweptAtOnce }));
};

/** Sweeps while the subgraph runs. */
export const startSweeping = (db: Database, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => sweep(db, new Date()), { everyMs: sweepEveryMs, onError });

/** Ends merges while the subgraph runs. */
export const startFinishing = (db: Database, finish: Finish, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => finishMerges(db, finish, new Date()), { everyMs: finishEveryMs, onError });
