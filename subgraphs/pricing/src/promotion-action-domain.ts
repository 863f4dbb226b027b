import { type Money, money, scale, split, sum, zero } from '@storegraph/money';
import { type Action, isAbout, type PricedLine, type Promotion, type Situation } from './promotion-domain.ts';

/** What is left to pay of each line, in the order of the lines, and of the shipping. */
export type Remaining = {
  readonly lines: readonly Money[];
  readonly shipping: Money;
  /** Also where what shipping costs is not known yet. */
  readonly hasFreeShipping: boolean;
};

/** What a promotion takes off each line and off the shipping. */
export type Cut = {
  readonly lines: readonly Money[];
  readonly shipping: Money;
  readonly makesShippingFree: boolean;
};

type Part = { readonly line: PricedLine; readonly place: number; readonly left: Money };

/** What a promotion takes off what remains; null when that is nothing. It never takes more than remains. */
export const cutOf = (promotion: Promotion, situation: Situation, remaining: Remaining): Cut | null => {
  const { action, conditions } = promotion;
  const { currency } = situation;
  if (action.kind === 'FREE_SHIPPING') {
    if (remaining.hasFreeShipping) return null;
    return {
      lines: remaining.lines.map(() => zero(currency)),
      shipping: remaining.shipping,
      makesShippingFree: true,
    };
  }
  const parts = situation.lines.map((line, place) => ({
    ...{ line, place },
    left: remaining.lines[place] ?? zero(currency),
  }));
  const about = parts.filter(({ line }) => isAbout(conditions, line));
  const takes = takesOf(action, { about, parts, currency });
  const lines = parts.map(({ left, place }) =>
    money(Math.min(left.amountMinor, takes.get(place)?.amountMinor ?? 0), currency),
  );
  if (lines.every(({ amountMinor }) => amountMinor === 0)) return null;
  return { lines, shipping: zero(currency), makesShippingFree: false };
};

type Wanted = {
  readonly about: readonly Part[];
  readonly parts: readonly Part[];
  readonly currency: string;
};
/** What is taken off lines, by their place. */
type Takes = ReadonlyMap<number, Money>;

const nothing: Takes = new Map();

const takesOf = (action: Action, wanted: Wanted): Takes => {
  switch (action.kind) {
    case 'PERCENT_OFF':
      return percentOff(wanted, action.basisPoints);
    case 'AMOUNT_OFF':
      return amountOff(wanted, action.amounts[wanted.currency] ?? 0);
    case 'TIERED':
      return percentOff(wanted, reachedTier(action, wanted));
    case 'BUY_X_GET_Y':
      return freePieces(action, wanted);
    case 'BUNDLE':
      return bundled(action, wanted);
    case 'FREE_SHIPPING':
    case 'EARN_POINTS':
    case 'SPEND_POINTS':
      return nothing;
  }
};

/** Splits an amount over lines by what is left of each, so that no unit is lost and no line falls below zero. */
export const spread = (amount: Money, parts: readonly { left: Money; place: number }[]): Takes => {
  if (parts.length === 0) return nothing;
  const weights = parts.map(({ left }) => left.amountMinor);
  const whole = weights.reduce((a, b) => a + b, 0);
  if (whole === 0) return nothing;
  const most = money(Math.min(amount.amountMinor, whole), amount.currency);
  const shares = split(most, weights);
  return new Map(parts.map(({ place }, index) => [place, shares[index] ?? zero(amount.currency)]));
};

const leftOf = (parts: readonly { readonly left: Money }[], currency: string): Money =>
  sum(
    parts.map(({ left }) => left),
    currency,
  );

/** The share is taken of the sum and split: of each line alone it would be rounded as often as there are lines. */
const percentOff = ({ about, currency }: Wanted, basisPoints: number): Takes =>
  spread(scale(leftOf(about, currency), { numerator: basisPoints, denominator: 10_000 }, 'halfUp'), about);

const amountOff = ({ about, currency }: Wanted, amountMinor: number): Takes =>
  spread(money(amountMinor, currency), about);

/** The highest share of the tiers reached, by pieces or by the subtotal before discounts. */
const reachedTier = ({ tiers }: Extract<Action, { kind: 'TIERED' }>, { about, currency }: Wanted): number => {
  const pieces = about.reduce((count, { line }) => count + line.quantity, 0);
  const subtotal = about.reduce((units, { line }) => units + line.subtotal.amountMinor, 0);
  const reached = tiers.filter(({ minimumQuantity, minimumSubtotals }) => {
    const minimum = minimumSubtotals?.[currency];
    const isByPieces = minimumQuantity !== null && pieces >= minimumQuantity;
    return isByPieces || (minimum !== undefined && subtotal >= minimum);
  });
  return Math.max(0, ...reached.map(({ basisPoints }) => basisPoints));
};

type Taken = { readonly part: Part; readonly pieces: number };

/** What so many pieces of a line are worth now; down, so that all pieces together are never more than the line. */
const valued = ({ part: { left, line, place }, pieces }: Taken) => ({
  place,
  left: scale(left, { numerator: pieces, denominator: line.quantity }, 'down'),
});

const piecesOf = (parts: readonly Part[]): number =>
  parts.reduce((count, { line }) => count + line.quantity, 0);

/** Takes pieces from lines in their order, until there are enough. */
const take = (parts: readonly Part[], pieces: number): Taken[] => {
  let wanted = pieces;
  return parts.flatMap((part) => {
    const taken = Math.min(wanted, part.line.quantity);
    wanted -= taken;
    return taken > 0 ? [{ part, pieces: taken }] : [];
  });
};

const cheapestFirst = (parts: readonly Part[]): Part[] =>
  [...parts].sort((a, b) => a.line.unit.amountMinor - b.line.unit.amountMinor || a.place - b.place);

/** The share is taken of all that is given and split, so that pieces on several lines are given as on one. */
const freePieces = (
  action: Extract<Action, { kind: 'BUY_X_GET_Y' }>,
  { about, parts, currency }: Wanted,
): Takes => {
  const { buyQuantity, getQuantity, getVariantIds, basisPoints } = action;
  const given = getVariantIds && parts.filter(({ line }) => getVariantIds.includes(line.variantId));
  // What is given does not count as bought.
  const bought = given ? about.filter((part) => !given.includes(part)) : about;
  const possible = given
    ? Math.floor(piecesOf(bought) / buyQuantity)
    : Math.floor(piecesOf(about) / (buyQuantity + getQuantity));
  const times = Math.min(possible, action.maxTimes ?? possible);
  const free = take(cheapestFirst(given ?? about), times * getQuantity).map(valued);
  return spread(scale(leftOf(free, currency), { numerator: basisPoints, denominator: 10_000 }, 'down'), free);
};

const bundled = (action: Extract<Action, { kind: 'BUNDLE' }>, { parts, currency }: Wanted): Takes => {
  const price = action.prices[currency];
  if (price === undefined) return nothing;
  const ofItems = action.items.map(({ variantId, quantity }) => ({
    quantity,
    parts: parts.filter(({ line }) => line.variantId === variantId),
  }));
  const possible = Math.min(...ofItems.map((item) => Math.floor(piecesOf(item.parts) / item.quantity)));
  const times = Math.min(possible, action.maxTimes ?? possible);
  if (times < 1) return nothing;
  const inBundles = ofItems.flatMap((item) => take(item.parts, item.quantity * times)).map(valued);
  const worth = leftOf(inBundles, currency).amountMinor;
  return spread(money(Math.max(0, worth - price * times), currency), inBundles);
};
