import { announceCommit } from '@storegraph/events';
import { type Database, type Repeating, startRepeating } from '@storegraph/postgres';
import type { StockPath } from './stock-service.ts';
import { endPreorders } from './variant-repository.ts';

/**
 * How often what is past its time is looked for: reads count it as over at once, only the stock of holds and
 * those who follow a preorder wait.
 */
const sweepEveryMs = 1_000;
/** Preorders that one commit ends: each is a fact. */
const endedAtOnce = 256;

/** Ends holds and preorders past their time while the subgraph runs. Any number of processes may do so. */
export const startSweeping = (
  { db, stock }: { readonly db: Database; readonly stock: StockPath },
  onError: (error: unknown) => void,
): Repeating =>
  startRepeating(() => Promise.all([stock.sweep(), endDuePreorders(db)]), { everyMs: sweepEveryMs, onError });

const endDuePreorders = async (db: Database): Promise<void> => {
  for (let ended = endedAtOnce; ended === endedAtOnce; ) {
    ended = await endPreorders(db, endedAtOnce);
    if (ended > 0) announceCommit('inventory');
  }
};
