import type { Database } from '@storegraph/postgres';
import { deleteLeftovers } from './sweep-repository.ts';

/** Nothing of it is in anybody's way: what has ended counts as ended at once. */
const sweepEveryMs = 15 * 60_000;

/** Deletes what nobody needs any more, while the subgraph runs. */
export const startSweeping = (db: Database, onError: (error: unknown) => void): { stop(): Promise<void> } => {
  let sweeping: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = deleteLeftovers(db).catch(onError);
  }, sweepEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
};
