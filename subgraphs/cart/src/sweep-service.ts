import { append } from '@storegraph/events';
import { type Database, transaction } from '@storegraph/postgres';
import { abandonedAfterMs } from './domain.ts';
import { forgetGuestCarts, markAbandoned } from './sweep-repository.ts';

/** How often carts that were left are looked for: nobody waits for the minute. */
const sweepEveryMs = 60_000;
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

/** Sweeps while the subgraph runs. */
export const startSweeping = (db: Database, onError: (error: unknown) => void): { stop(): Promise<void> } => {
  let sweeping: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    sweeping ??= sweep(db, new Date())
      .catch(onError)
      .finally(() => {
        sweeping = null;
      });
  }, sweepEveryMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
};
