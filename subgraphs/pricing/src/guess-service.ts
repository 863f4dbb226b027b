import { type Database, transaction } from '@storegraph/postgres';
import { forgetGuesses, forgottenAtOnce } from './guess-repository.ts';

const forgetEveryMs = 15 * 60_000;

const forgetAll = async (db: Database): Promise<void> => {
  while ((await transaction(db, forgetGuesses)) === forgottenAtOnce);
};

/** Nobody keeps for long from which address somebody shopped. */
export const startForgettingGuesses = (
  db: Database,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } => {
  let running: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    running = forgetAll(db).catch(onError);
  }, forgetEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
};
