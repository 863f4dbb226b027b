import { type Database, type Repeating, startRepeating } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';

/** How many facts one transaction deletes, so that none lasts long. */
const pruneBatch = 5_000;
/** How often old facts are looked for, so that each time there are few. */
const pruneEveryMs = 60_000;

/** How long facts stay. */
export type Retention = { readonly keptDays: number; readonly silentDays: number };

const retention: Retention = {
  /** Who was away for a week of holidays still goes on where it was. */
  keptDays: 7,
  /** A consumer not heard of for so long was taken out of the shop: nothing is kept for it any more. */
  silentDays: 30,
};

/** Deletes the facts nobody needs any more, batch by batch. Answers how many. */
export const pruneOutbox = async (
  db: Database,
  { keptDays, silentDays }: Retention = retention,
  signal?: AbortSignal,
): Promise<number> => {
  for (let pruned = 0; ; ) {
    const [row] = await db.execute<{ pruned: number }>(sql`select prune_outbox(
      make_interval(days => ${keptDays}), make_interval(days => ${silentDays}), ${pruneBatch}) as pruned`);
    pruned += row?.pruned ?? 0;
    if ((row?.pruned ?? 0) < pruneBatch || signal?.aborted) return pruned;
  }
};

/** Keeps an outbox short while its subgraph runs. Any number of processes may do so. */
export const startPruning = (db: Database, onError: (error: unknown) => void): Repeating => {
  const stopping = new AbortController();
  const pruning = startRepeating(() => pruneOutbox(db, retention, stopping.signal), {
    everyMs: pruneEveryMs,
    onError,
  });
  return {
    stop: () => {
      stopping.abort();
      return pruning.stop();
    },
  };
};

/** Writes down how far a consumer has got. Its last word counts: one whose database was restored goes back. */
export const savePlace = async (db: Database, consumer: string, sequence: number): Promise<void> => {
  await db.execute(sql`insert into consumer_places (consumer, sequence) values (${consumer}, ${sequence})
    on conflict (consumer) do update set sequence = excluded.sequence, seen_at = now()`);
};

/** Facts behind a place were asked for, and some of them are deleted already. */
export class CursorTooOldError extends Error {
  override name = 'CursorTooOldError';
  readonly code = 'CURSOR_TOO_OLD';
  readonly publisher: string;
  readonly after: number;
  /** The sequence of the oldest fact there still is. */
  readonly oldestKept: number;

  constructor({ publisher, after, oldestKept }: { publisher: string; after: number; oldestKept: number }) {
    super(
      `The facts of ${publisher} behind ${after} are deleted; the oldest kept is ${oldestKept}. Read the state afresh, then go on from the latest fact.`,
    );
    this.publisher = publisher;
    this.after = after;
    this.oldestKept = oldestKept;
  }
}
