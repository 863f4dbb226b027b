import { announceCommit } from '@storegraph/events';
import type { Database } from '@storegraph/postgres';
import { tellDueChanges } from './schedule-repository.ts';

/**
 * How often what is due is looked for where nothing is known to be: another process may have scheduled it. What is
 * known is told at its instant.
 */
const lookEveryMs = 1_000;
/** Variants that are told of one by one; more at once are told of as their lists. */
const toldAtOnce = 10_000;

/** Tells of scheduled prices at the second they start or end. Any number of processes may do so: each is told once. */
export const startTelling = (db: Database, onError: (error: unknown) => void): { stop(): Promise<void> } => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<void> = Promise.resolve();

  const tell = async (): Promise<void> => {
    let nextInMs: number | null = null;
    try {
      const due = await tellDueChanges(db, toldAtOnce);
      if (due.told > 0) announceCommit('pricing');
      nextInMs = due.nextInMs;
    } catch (error) {
      onError(error);
    }
    if (!isStopped) plan(Math.min(lookEveryMs, Math.max(0, nextInMs ?? lookEveryMs)));
  };
  const plan = (inMs: number): void => {
    // A timer may be early by a fraction, and would find nothing due yet.
    timer = setTimeout(() => {
      telling = tell();
    }, Math.ceil(inMs) + 1);
    timer.unref();
  };
  plan(0);

  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await telling;
    },
  };
};
