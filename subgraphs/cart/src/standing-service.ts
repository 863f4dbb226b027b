import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database } from '@storegraph/postgres';
import type { Soon } from '@storegraph/server';
import type { Standing } from './domain.ts';
import { standingsOf } from './variant-repository.ts';

/** How long what is known of a variant is believed: the facts it comes from are as late themselves. */
const believedMs = 1_000;
/** From when on it is read again behind an add, so that of what is added often nobody waits for it. */
const refreshedAfterMs = 500;
/** About 10 MB; a shop sells fewer variants within a second. */
const maxRemembered = 50_000;

/** What the shop knows of variants, remembered for a moment, so that an add does not ask for it each time. */
export type Standings = {
  readonly of: (variantId: string) => Soon<Standing>;
  /** Something was told of variants: nothing is remembered any more. */
  readonly forget: () => void;
};

export const createStandings = (db: Database): Standings => {
  const outsideRequests = AsyncLocalStorage.snapshot();
  let remembered = new Map<string, { readonly standing: Standing; readonly at: number }>();
  let underWay = new Map<string, Promise<Standing>>();

  const read = async (variantId: string): Promise<Standing> => {
    const [since, at] = [remembered, performance.now()];
    const [standing = 'unknown'] = await standingsOf(db, [variantId]);
    if (since.size >= maxRemembered) since.clear();
    // What came meanwhile has made a map of its own. What is not known may be told at any moment.
    if (standing !== 'unknown') since.set(variantId, { standing, at });
    return standing;
  };
  /** Reads once for all that come at once. */
  const readOnce = (variantId: string): Promise<Standing> => {
    const [known, since] = [underWay.get(variantId), underWay];
    // What another request fails by, its deadline maybe, is no answer to this one.
    if (known) return known.catch(() => read(variantId));
    const reading = read(variantId).finally(() => since.delete(variantId));
    since.set(variantId, reading);
    return reading;
  };
  /** Whoever comes when nothing is believed any more reads again, and hears why that fails. */
  const refresh = (variantId: string): void => {
    if (!underWay.has(variantId)) void outsideRequests(readOnce, variantId).catch(() => {});
  };
  return {
    of: (variantId) => {
      const known = remembered.get(variantId);
      const age = known ? performance.now() - known.at : Number.POSITIVE_INFINITY;
      if (!known || age > believedMs) return readOnce(variantId);
      if (age > refreshedAfterMs) refresh(variantId);
      return known.standing;
    },
    forget: () => {
      remembered = new Map();
      underWay = new Map();
    },
  };
};
