import { type Database, type Repeating, startRepeating, transaction } from '@storegraph/postgres';
import type { Viewer } from '@storegraph/server';
import { freeOfAddress, longestWaitSeconds } from './coupon-domain.ts';
import { forgetGuesses, forgiveGuesses, forgottenAtOnce, takeGuesses } from './guess-repository.ts';

/** Who asks, and from where. */
export type Caller = { readonly viewer: Viewer; readonly address: string | null };

/** A try of an address at codes; null where it is counted by nobody's address. */
type Taken = {
  readonly address: string | null;
  readonly isBarred: boolean;
  /** The codes that count as wrong until they are forgiven. */
  readonly fresh: readonly string[];
};

/**
 * Takes a try at codes before they are looked up. Anybody is a new guest whenever they like, so guests are counted by
 * address; who has signed in is not held up by strangers behind the same network.
 */
export const takeTry = async (
  db: Database,
  { viewer, address }: Caller,
  keys: readonly string[],
): Promise<Taken> => {
  if (viewer.kind !== 'guest' || address === null || keys.length === 0)
    return { address: null, isBarred: false, fresh: [] };
  const wanted = { keys, free: freeOfAddress, longestSeconds: longestWaitSeconds };
  return { address, ...(await takeGuesses(db, address, wanted)) };
};

/** Takes back what was counted of codes that are there. */
export const forgive = async (
  db: Database,
  { address, fresh }: Taken,
  found: readonly { readonly key: string }[],
): Promise<void> => {
  const right = found.map(({ key }) => key).filter((key) => fresh.includes(key));
  if (address !== null && right.length > 0) await forgiveGuesses(db, address, right);
};

const forgetEveryMs = 15 * 60_000;

const forgetAll = async (db: Database): Promise<void> => {
  while ((await transaction(db, forgetGuesses)) === forgottenAtOnce);
};

/** Nobody keeps for long from which address somebody shopped. */
export const startForgettingGuesses = (db: Database, onError: (error: unknown) => void): Repeating =>
  startRepeating(() => forgetAll(db), { everyMs: forgetEveryMs, onError });
