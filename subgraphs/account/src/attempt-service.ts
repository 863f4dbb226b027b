import type { Database, Reader } from '@storegraph/postgres';
import { type AttemptDelayed, attemptDelayed, type Subject } from './attempt-domain.ts';
import { forgive, takeAttempt } from './attempt-repository.ts';
import type { Secrets } from './secrets-domain.ts';

/** Counts attempts before they are looked at, so that many at once are as slow as one after the other. */
export const createAttempts = ({ db, secrets }: { readonly db: Database; readonly secrets: Secrets }) => {
  const hidden = (name: string) => secrets.keyed('attempt', name);
  return {
    /** Takes an attempt; the refusal when it has to wait. */
    take: async (subjects: readonly Subject[]): Promise<AttemptDelayed | null> => {
      if (subjects.length === 0) return null;
      const counted = subjects.map(({ name, free }) => ({ subject: hidden(name), free }));
      const seconds = await takeAttempt(db, counted);
      return seconds > 0 ? attemptDelayed(seconds) : null;
    },

    /** The attempt succeeded. */
    succeeded: (reader: Reader, subjects: readonly Subject[]): Promise<void> => {
      const names = (isOwn: boolean) =>
        subjects.filter((subject) => subject.isOwn === isOwn).map(({ name }) => hidden(name));
      return forgive(reader, { own: names(true), shared: names(false) });
    },

    /** Forgets everything that was counted by these names. */
    forget: (reader: Reader, names: readonly string[]): Promise<void> =>
      forgive(reader, { own: names.map(hidden), shared: [] }),
  };
};

export type Attempts = ReturnType<typeof createAttempts>;
