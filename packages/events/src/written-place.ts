import type { Database } from '@storegraph/postgres';
import { sql } from 'drizzle-orm';
import type { StoredEvent } from './catalogue.ts';

/** How often the place is written for facts that have no effect: most of a busy publisher's concern few. */
const writeIdleEveryMs = 1_000;

/** The place where a consumer begins again: written with each effect, and seldom where there is none. */
export const createWrittenPlace = ({
  db,
  publisher,
  consumer,
  handlers,
  signal,
}: {
  db: Database;
  publisher: string;
  consumer: string;
  handlers: object;
  /** Whoever is stopped may have left the last facts where they were. */
  signal: AbortSignal;
}) => {
  let place = 0;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return {
    beginAt: (sequence: number): void => {
      place = sequence;
      writtenAtMs = Number.NEGATIVE_INFINITY;
    },
    /** Takes facts in, which writes the place; unless none has an effect, and it was written a moment ago. */
    with: async (batch: readonly StoredEvent[], takeIn: () => Promise<void>): Promise<void> => {
      const isOurs = batch.some(({ type }) => Object.hasOwn(handlers, type));
      if (!isOurs && performance.now() - writtenAtMs < writeIdleEveryMs) return;
      await takeIn();
      if (signal.aborted) return;
      place = batch.at(-1)?.sequence ?? place;
      writtenAtMs = performance.now();
    },
    /** Writes it where it waits. Every fact up to there must have had its effect. */
    settle: async (sequence: number): Promise<void> => {
      if (sequence <= place) return;
      await db.execute(sql`update consumed set sequence = greatest(sequence, ${sequence})
        where consumer = ${consumer} and publisher = ${publisher}`);
      place = Math.max(place, sequence);
    },
  };
};
