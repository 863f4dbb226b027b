/** One client's screens full of variants; more is a question for a listing. */
export const maxFollowedVariants = 200;
/** More would be faster than anybody reads, and each is a read. */
export const maxChangesPerSecond = 20;

/** What one process lets its clients follow together. */
export type FollowLimits = { readonly clients: number; readonly variants: number };

/**
 * Measured: 5 kB for each client and 150 bytes for each of its variants, so a quarter of a gigabyte. Ten thousand
 * sockets fit twice, of a hundred variants each; the router shares what several of them follow alike.
 */
export const followLimits: FollowLimits = { clients: 20_000, variants: 1_000_000 };

/** This process follows as much as it lets its clients; the code has them try again. */
export class FollowersFullError extends Error {
  override name = 'FollowersFullError';
  readonly code = 'BUSY';
}

/** What a client wishes to follow. */
export type FollowWish = {
  readonly variantIds: readonly string[];
  readonly region: string | null;
  readonly after: string | null;
  readonly maxPerSecond: number;
};

/** What a client follows. It has seen everything up to `after`; 0 when it has seen nothing. */
export type Following = {
  readonly variantIds: readonly string[];
  readonly region: string | null;
  readonly after: number;
  readonly maxPerSecond: number;
};

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** The wish, checked, or what is wrong with it. */
export const followingOf = (wish: FollowWish): Following | { readonly problem: string } => {
  const { region, after, maxPerSecond } = wish;
  const variantIds = [...new Set(wish.variantIds.map((id) => id.toLowerCase()))];
  if (variantIds.length < 1 || wish.variantIds.length > maxFollowedVariants) {
    return { problem: `variantIds must be 1 to ${maxFollowedVariants} ids.` };
  }
  if (!variantIds.every((id) => uuid.test(id))) return { problem: 'variantIds must be ids of variants.' };
  if (maxPerSecond < 1 || maxPerSecond > maxChangesPerSecond) {
    return { problem: `maxPerSecond must be from 1 to ${maxChangesPerSecond}.` };
  }
  if (after !== null && !/^(?:0|[1-9]\d{0,14})\+?$/.test(after)) {
    return { problem: 'after is no cursor of a stock change.' };
  }
  return { variantIds, region, after: Number.parseInt(after ?? '0', 10), maxPerSecond };
};
