import type { Money } from '@storegraph/money';
import { liesIn } from './region-domain.ts';

/** One amount in each currency a promotion is meant for. It does not apply in others: no rate makes a gift. */
export type Amounts = Readonly<Record<string, number>>;

export type Tier = {
  /** Pieces needed; null where tiers go by the subtotal. */
  readonly minimumQuantity: number | null;
  readonly minimumSubtotals: Amounts | null;
  readonly basisPoints: number;
};

/** What a promotion gives. Shares are basis points: 1,000 is 10 %. */
export type Action =
  | { readonly kind: 'PERCENT_OFF'; readonly basisPoints: number }
  | { readonly kind: 'AMOUNT_OFF'; readonly amounts: Amounts }
  | { readonly kind: 'FREE_SHIPPING' }
  | { readonly kind: 'TIERED'; readonly tiers: readonly Tier[] }
  | {
      readonly kind: 'BUY_X_GET_Y';
      readonly buyQuantity: number;
      readonly getQuantity: number;
      readonly basisPoints: number;
      /** What is given; null for the cheapest of what is bought. */
      readonly getVariantIds: readonly string[] | null;
      readonly maxTimes: number | null;
    }
  | {
      readonly kind: 'BUNDLE';
      readonly items: readonly { readonly variantId: string; readonly quantity: number }[];
      readonly prices: Amounts;
      readonly maxTimes: number | null;
    }
  /** So many points for each whole amount paid for goods. */
  | { readonly kind: 'EARN_POINTS'; readonly points: number; readonly per: Amounts }
  /** What a point is worth, and how much of the goods may be paid by points. */
  | { readonly kind: 'SPEND_POINTS'; readonly worth: Amounts; readonly maxBasisPoints: number };

/** When a promotion applies. What is null does not matter. */
export type Conditions = {
  /** Of the lines it is about, before discounts. */
  readonly minimumSubtotals: Amounts | null;
  readonly variantIds: readonly string[] | null;
  readonly productIds: readonly string[] | null;
  /** With all that is below them. */
  readonly categoryIds: readonly string[] | null;
  readonly customerGroups: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly isFirstOrderOnly: boolean;
};

export type Promotion = {
  readonly id: string;
  readonly code: string;
  /** What customers read. */
  readonly name: string;
  readonly isActive: boolean;
  readonly needsCoupon: boolean;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  /** Lower numbers are applied first. */
  readonly priority: number;
  /** Never with another discount. */
  readonly isExclusive: boolean;
  /** Of one group at most one applies; null is a group of its own. */
  readonly stackingGroup: string | null;
  readonly conditions: Conditions;
  readonly action: Action;
  readonly version: number;
};

/** Who buys, as far as a price can depend on it. */
export type Buyer = {
  readonly kind: string;
  readonly id: string;
  readonly groups: readonly string[];
  readonly isFirstOrder: boolean;
  /** What the buyer has, and of it what is to be used for the next order. */
  readonly points: { readonly balance: number; readonly toUse: number };
  /** Why the buyer pays no tax; null for who does. */
  readonly taxExemption: string | null;
};

/** A line of which the price is known. */
export type PricedLine = {
  readonly id: string;
  readonly variantId: string;
  readonly productId: string | null;
  readonly categoryIds: readonly string[];
  readonly quantity: number;
  readonly unit: Money;
  readonly subtotal: Money;
};

export type Situation = {
  readonly region: string;
  readonly currency: string;
  readonly at: Date;
  readonly buyer: Buyer;
  readonly lines: readonly PricedLine[];
};

export type Timing = 'NOT_YET' | 'EXPIRED' | 'RUNNING';

/** Where a time stands to a window; the end is outside, so that one window ends where the next begins. */
const timingOf = (
  { startsAt, endsAt }: { readonly startsAt: Date | null; readonly endsAt: Date | null },
  at: Date,
): Timing => {
  if (startsAt && at < startsAt) return 'NOT_YET';
  return endsAt && at >= endsAt ? 'EXPIRED' : 'RUNNING';
};

type About = {
  readonly variants: ReadonlySet<string>;
  readonly products: ReadonlySet<string>;
  readonly categories: ReadonlySet<string>;
};

/** A promotion is asked about every line of every cart, and may name hundreds of variants. */
const abouts = new WeakMap<Conditions, About>();

const aboutOf = (conditions: Conditions): About => {
  const known = abouts.get(conditions);
  if (known) return known;
  const { variantIds, productIds, categoryIds } = conditions;
  const about = {
    variants: new Set(variantIds),
    products: new Set(productIds),
    categories: new Set(categoryIds),
  };
  abouts.set(conditions, about);
  return about;
};

/** Whether a line is one of those a promotion is about. */
export const isAbout = (
  conditions: Conditions,
  { variantId, productId, categoryIds }: Pick<PricedLine, 'variantId' | 'productId' | 'categoryIds'>,
): boolean => {
  const { variantIds, productIds } = conditions;
  if (variantIds === null && productIds === null && conditions.categoryIds === null) return true;
  const { variants, products, categories } = aboutOf(conditions);
  return (
    variants.has(variantId) ||
    (productId !== null && products.has(productId)) ||
    categoryIds.some((id) => categories.has(id))
  );
};

/** Why a promotion does not apply. */
export type Obstacle = {
  readonly state: 'NOT_YET' | 'EXPIRED' | 'NOT_FOR_YOU' | 'CONDITIONS_NOT_MET';
  readonly reason: string;
};

const obstacle = (state: Obstacle['state'], reason: string): Obstacle => ({ state, reason });

/** What keeps a promotion from applying, or null. */
export const obstacleTo = (promotion: Promotion, situation: Situation): Obstacle | null => {
  const { at, buyer, region } = situation;
  const { customerGroups, regions, isFirstOrderOnly } = promotion.conditions;
  const timing = timingOf(promotion, at);
  if (timing === 'NOT_YET') return obstacle(timing, 'It has not begun.');
  if (timing === 'EXPIRED' || !promotion.isActive) return obstacle('EXPIRED', 'It has ended.');
  if (customerGroups && !customerGroups.some((group) => buyer.groups.includes(group)))
    return obstacle('NOT_FOR_YOU', 'It is for other customers.');
  // A guest is new each time.
  if (isFirstOrderOnly && !(buyer.kind === 'customer' && buyer.isFirstOrder))
    return obstacle('NOT_FOR_YOU', 'It is for the first order of who has signed in.');
  if (regions && !liesIn(region, regions)) return obstacle('NOT_FOR_YOU', 'It is for other regions.');
  return obstacleInCart(promotion, situation);
};

const obstacleInCart = ({ conditions }: Promotion, { currency, lines }: Situation): Obstacle | null => {
  const about = lines.filter((line) => isAbout(conditions, line));
  if (about.length === 0) return obstacle('CONDITIONS_NOT_MET', 'Nothing in the cart takes part.');
  if (conditions.minimumSubtotals === null) return null;
  const minimum = conditions.minimumSubtotals[currency];
  if (minimum === undefined) return obstacle('CONDITIONS_NOT_MET', 'It is for other currencies.');
  const subtotal = about.reduce((sum, line) => sum + line.subtotal.amountMinor, 0);
  return subtotal < minimum ? obstacle('CONDITIONS_NOT_MET', 'The cart is below its minimum.') : null;
};
