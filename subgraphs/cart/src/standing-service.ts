import type { Database } from '@storegraph/postgres';
import type { Standing } from './domain.ts';
import { standingsOf } from './variant-repository.ts';

/** How long what is known of a variant is believed: the facts it comes from are as late themselves. */
const believedMs = 1_000;
/** About 10 MB; a shop sells fewer variants within a second. */
const maxRemembered = 50_000;

/** What the shop knows of variants, remembered for a moment, so that an add does not ask for it each time. */
export type Standings = {
  readonly of: (variantId: string) => Promise<Standing>;
  /** Something was told of variants: nothing is remembered any more. */
  readonly forget: () => void;
};

export const createStandings = (db: Database): Standings => {
  let remembered = new Map<string, { readonly standing: Standing; readonly until: number }>();
  return {
    of: async (variantId) => {
      const known = remembered.get(variantId);
      if (known && known.until > performance.now()) return known.standing;
      const since = remembered;
      const [standing = 'unknown'] = await standingsOf(db, [variantId]);
      if (since.size >= maxRemembered) since.clear();
      // What came meanwhile has made a map of its own. What is not known may be told at any moment.
      if (standing !== 'unknown') since.set(variantId, { standing, until: performance.now() + believedMs });
      return standing;
    },
    forget: () => {
      remembered = new Map();
    },
  };
};
