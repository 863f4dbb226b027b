import type { Money } from '@storegraph/money';
import type { Conflict } from './conflict-domain.ts';

/** What a cart may hold at most. The database repeats the first two, the script in Redis the first two of an add. */
export const limits = {
  LINES: 100,
  QUANTITY: 999,
  SAVED_FOR_LATER: 100,
  COUPONS: 10,
  CONFLICTS: 100,
} as const;
export type Limit = keyof typeof limits;

/** Whose a cart is. */
export type Owner = { readonly kind: 'guest' | 'customer'; readonly id: string };

/** Where a cart ships to, and what it is paid in. */
export type Market = { readonly region: string; readonly currency: string };

/** What the customer was last shown of a line. */
export type Seen = { readonly price: Money | null; readonly isAvailable: boolean; readonly at: string };

/** Instants are RFC 3339 text, because a cart is kept as JSON. */
export type Line = {
  readonly id: string;
  readonly variantId: string;
  readonly quantity: number;
  readonly addedAt: string;
  readonly seen: Seen | null;
};

export type Hold = {
  readonly reservationId: string;
  readonly expiresAt: string;
  readonly lines: readonly { readonly variantId: string; readonly quantity: number }[];
};

/** For how long a cart has been holding stock, over however many holds: from the first one to the end of the last. */
export type Holding = { readonly since: string; readonly until: string };

/** What of a cart changes. */
export type Content = Market & {
  readonly lines: readonly Line[];
  readonly savedForLater: readonly Line[];
  readonly couponCodes: readonly string[];
  readonly note: string | null;
  readonly giftMessage: string | null;
  readonly hold: Hold | null;
  /** Null before the first hold. */
  readonly holding: Holding | null;
  readonly conflicts: readonly Conflict[];
  /** The guests' carts taken over last, so that each is taken over once. */
  readonly mergedCarts: readonly string[];
  /** The customer whose cart takes this one over. */
  readonly closedInto: string | null;
  /** Whether that cart has everything of it by now, so that nothing is left here. */
  readonly isHandedOver: boolean;
};

export type Cart = Content & {
  readonly id: string;
  readonly owner: Owner;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** What lies in a cart into which nothing was put. */
export const nothing: Omit<Content, keyof Market> = {
  ...{
    lines: [],
    savedForLater: [],
    couponCodes: [],
    note: null,
    giftMessage: null,
    hold: null,
    holding: null,
  },
  ...{ conflicts: [], mergedCarts: [], closedInto: null, isHandedOver: false },
};

/** A cart before its first change; nobody keeps it. */
export const newCart = (id: string, owner: Owner, market: Market, at: string): Cart => ({
  id,
  owner,
  version: 0,
  createdAt: at,
  updatedAt: at,
  ...market,
  ...nothing,
});

/** A cart in which nothing has happened for so long is abandoned. */
export const abandonedAfterMs = 24 * 60 * 60_000;

/** Since when the cart is abandoned; null when it is not. */
export const abandonedSince = ({ lines, updatedAt }: Cart, now: number): Date | null => {
  const since = Date.parse(updatedAt) + abandonedAfterMs;
  return lines.length > 0 && since <= now ? new Date(since) : null;
};

export const totalQuantity = ({ lines }: Cart): number =>
  lines.reduce((total, { quantity }) => total + quantity, 0);

/** The pieces a hold takes of each variant. */
export const toHold = ({ lines }: Cart): Hold['lines'] =>
  lines.map(({ variantId, quantity }) => ({ variantId, quantity }));

/** Whether a hold takes exactly what the cart holds. */
export const isHeldWhole = (cart: Cart): boolean => {
  const wanted = new Map(cart.lines.map(({ variantId, quantity }) => [variantId, quantity]));
  const held = cart.hold?.lines ?? [];
  return (
    held.length === wanted.size && held.every(({ variantId, quantity }) => wanted.get(variantId) === quantity)
  );
};

/** What is held for a cart, while it is: the inventory ends a hold by itself. */
export const holdAt = ({ hold }: Cart, now: number): Hold | null =>
  hold && Date.parse(hold.expiresAt) > now ? hold : null;

export type HeldLine = { readonly variantId: string; readonly held: number; readonly wanted: number };

/** What a hold takes, beside what lies in the cart by now. */
export const heldBeside = ({ lines }: Cart, hold: Hold): HeldLine[] =>
  hold.lines.map(({ variantId, quantity }) => ({
    ...{ variantId, held: quantity },
    wanted: lines.find((line) => line.variantId === variantId)?.quantity ?? 0,
  }));

export type Refusal = { readonly message: string } & (
  | { readonly __typename: 'VariantNotFound' | 'VariantUnavailable'; readonly variantId: string }
  | { readonly __typename: 'CartLineNotFound'; readonly lineId: string }
  | { readonly __typename: 'CartLimitReached'; readonly of: Limit; readonly limit: number }
  | { readonly __typename: 'VersionConflict'; readonly expected: number; readonly actual: number }
  | { readonly __typename: 'CartClosed' }
  | { readonly __typename: 'CartSeenOutdated' }
  | { readonly __typename: 'CartConflictNotFound'; readonly conflictId: string }
  | { readonly __typename: 'CartChoiceNotOffered'; readonly choices: Conflict['choices'] }
);

/** What the shop knows of a variant. */
export type Standing = 'sold' | 'unavailable' | 'unknown';

export const notSold = (variantId: string, standing: Exclude<Standing, 'sold'>): Refusal =>
  standing === 'unknown'
    ? { __typename: 'VariantNotFound', message: `There is no variant ${variantId}.`, variantId }
    : {
        __typename: 'VariantUnavailable',
        message: `The variant ${variantId} is not sold at the moment.`,
        variantId,
      };

export const lineNotFound = (lineId: string): Refusal => ({
  __typename: 'CartLineNotFound',
  message: `There is no line ${lineId} here: it may have been taken out on another device.`,
  lineId,
});

const limitNames: Readonly<Record<Limit, string>> = {
  LINES: 'lines',
  QUANTITY: 'pieces in a line',
  SAVED_FOR_LATER: 'lines put aside',
  COUPONS: 'coupon codes',
  CONFLICTS: 'conflicts to settle',
};

export const limitReached = (of: Limit): Extract<Refusal, { __typename: 'CartLimitReached' }> => ({
  __typename: 'CartLimitReached',
  message: `A cart has room for ${limits[of]} ${limitNames[of]}. Nothing was changed.`,
  of,
  limit: limits[of],
});

export const cartClosed = (): Refusal => ({
  __typename: 'CartClosed',
  message:
    'This cart was taken over by the account that was signed in to. Go on there, or as a new guest with a new token.',
});

export const versionConflict = (expected: number, actual: number): Refusal => ({
  __typename: 'VersionConflict',
  message: `The cart is at version ${actual} and not ${expected}: read it again and decide anew.`,
  expected,
  actual,
});

export const seenOutdated = (): Extract<Refusal, { __typename: 'CartSeenOutdated' }> => ({
  __typename: 'CartSeenOutdated',
  message: 'Prices or availability have changed since this mark was given out: show the cart again.',
});
