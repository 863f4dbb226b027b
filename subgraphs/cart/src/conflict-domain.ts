import type { Money } from '@storegraph/money';

export type Choice =
  | 'KEEP_MINE'
  | 'TAKE_GUESTS'
  | 'ADD_UP'
  | 'ACCEPT'
  | 'TAKE_AVAILABLE'
  | 'REMOVE'
  | 'TAKE'
  | 'SAVE_FOR_LATER'
  | 'DISMISS';

type OfConflict = { readonly id: string; readonly choices: readonly Choice[] };
type OfLine = OfConflict & { readonly lineId: string; readonly variantId: string };
type LeftOut = OfConflict & { readonly variantId: string; readonly quantity: number };

export type QuantityDiffers = OfLine & {
  readonly __typename: 'CartQuantityDiffers';
  readonly mine: number;
  readonly guests: number;
};
export type PriceDiffers = OfLine & {
  readonly __typename: 'CartPriceDiffers';
  readonly was: Money;
  readonly now: Money | null;
};
export type StockShort = OfLine & {
  readonly __typename: 'CartStockShort';
  readonly wanted: number;
  readonly available: number;
};
export type VariantGone = LeftOut & { readonly __typename: 'CartVariantGone' };
export type LineLeftOut = LeftOut & { readonly __typename: 'CartLineLeftOut' };
export type CouponLoss = 'NO_ROOM' | 'EXPIRED' | 'USED_UP' | 'NOT_FOR_YOU';
export type CouponLost = OfConflict & {
  readonly __typename: 'CartCouponLost';
  readonly code: string;
  readonly reason: CouponLoss;
};

/** What is open about a line that is in the cart. */
export type LineConflict = QuantityDiffers | PriceDiffers | StockShort;

/** What two carts left open when one took the other over. */
export type Conflict = LineConflict | VariantGone | LineLeftOut | CouponLost;
