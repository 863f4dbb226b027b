import { add, type Money, subtract, sum, times, zero } from '@storegraph/money';
import { earnPoints, spendPoints } from './points-domain.ts';
import type { Remaining } from './promotion-action-domain.ts';
import type { Buyer, PricedLine, Promotion, Situation } from './promotion-domain.ts';
import { bestStack, without } from './promotion-stack-domain.ts';
import {
  type Adjustment,
  type AppliedCut,
  adjustmentOf,
  describeCut,
  exemptionOf,
} from './quote-adjustment-domain.ts';
import { couponsOf, type EnteredCoupon, type QuotedCoupon, usableOf } from './quote-coupon-domain.ts';
import {
  gatherTaxes,
  isTaxIn,
  ratesOn,
  shippingCategory,
  type TaxPart,
  type TaxRate,
  taxOn,
} from './tax-domain.ts';

/** The price of one piece, as the price lists have it for this buyer and quantity. */
export type UnitPrice = {
  readonly unit: Money;
  readonly compareAt: Money | null;
  readonly includesTax: boolean;
  readonly taxCategory: string;
  readonly productId: string | null;
  /** Where its product stands in the catalogue, with every category above. */
  readonly categoryIds: readonly string[];
  /** When it may change, as far as is planned. */
  readonly until: Date | null;
};

export type LineToQuote = { readonly id: string; readonly variantId: string; readonly quantity: number };

/** Everything a quote depends on. The same input gives the same quote, to the last character of its token. */
export type QuoteInput = {
  readonly cartId: string;
  readonly region: string;
  readonly currency: string;
  readonly at: Date;
  readonly buyer: Buyer;
  readonly lines: readonly LineToQuote[];
  readonly prices: ReadonlyMap<string, UnitPrice>;
  readonly promotions: readonly Promotion[];
  readonly coupons: readonly EnteredCoupon[];
  readonly taxes: readonly TaxRate[];
  /** When the buyer's exemption ends, as far as is known. */
  readonly exemptUntil: Date | null;
  readonly shipping: { readonly amount: Money; readonly includesTax: boolean } | null;
};

export type LineTax = {
  readonly amount: Money;
  readonly includesTax: boolean;
  readonly parts: readonly TaxPart[];
};

export type QuotedLine = {
  readonly lineId: string;
  readonly variantId: string;
  readonly quantity: number;
  readonly isAvailable: boolean;
  readonly unitPrice: Money | null;
  readonly listPrice: Money | null;
  readonly subtotal: Money;
  readonly adjustments: readonly Adjustment[];
  readonly discount: Money;
  readonly tax: LineTax;
  readonly total: Money;
};

export type Quote = {
  readonly cartId: string;
  readonly region: string;
  readonly currency: string;
  readonly lines: readonly QuotedLine[];
  readonly adjustments: readonly Adjustment[];
  readonly subtotal: Money;
  readonly discount: Money;
  readonly shipping: Money;
  readonly hasFreeShipping: boolean;
  readonly tax: Money;
  readonly taxes: readonly TaxPart[];
  readonly total: Money;
  readonly coupons: readonly QuotedCoupon[];
  readonly pointsSpent: number;
  readonly pointsEarned: number;
  readonly taxExemption: string | null;
  readonly at: Date;
  readonly expiresAt: Date;
};

/** Long enough to pay, short enough that nobody keeps yesterday's price. */
export const quoteLifetimeMs = 15 * 60_000;

/**
 * What a cart costs and why. Discounts go by priority, each on what the earlier left; then points pay; then tax
 * is taken of what remains. Every amount of a line is a share of the whole's, so the lines sum to the quote.
 */
export const quote = (input: QuoteInput): Quote => {
  const { currency } = input;
  const usable = usableOf(input);
  const situation: Situation = { ...input, lines: pricedLines(input) };
  const whole: Remaining = {
    lines: situation.lines.map(({ subtotal }) => subtotal),
    shipping: input.shipping?.amount ?? zero(currency),
    hasFreeShipping: false,
  };
  const stack = bestStack(usable.promotions, situation, whole);
  const spending = spendPoints(usable.promotions, situation, stack.remaining);
  const remaining = spending ? without(stack.remaining, spending.cut) : stack.remaining;
  const earning = earnPoints(usable.promotions, situation, remaining);

  const cuts: AppliedCut[] = [...stack.applied, ...(spending ? [spending] : [])].map((applied) =>
    describeCut(applied, usable.couponOf),
  );
  const shipping = quoteShipping(input, cuts, remaining.shipping);
  const quoted = situation.lines.map((line, place) =>
    quoteLine(input, { line, place, cuts, left: remaining.lines[place] ?? zero(currency) }),
  );
  const byId = new Map(quoted.map((line) => [line.lineId, line]));
  const lines = input.lines.map((line) => byId.get(line.id) ?? notAvailable(line, currency));
  const exempted = exemptionOf(
    input.buyer,
    [...lines, shipping].map(({ exempted: amount }) => amount),
    currency,
  );
  return {
    ...{ cartId: input.cartId, region: input.region, currency, at: input.at },
    lines: lines.map(({ exempted: _, ...line }) => line),
    adjustments: [...cuts.map((cut) => adjustmentOf(cut, cut.whole)), ...exempted],
    subtotal: total(lines, currency, ({ subtotal }) => subtotal),
    discount: add(
      total(lines, currency, ({ discount }) => discount),
      shipping.discount,
    ),
    shipping: shipping.amount,
    hasFreeShipping: remaining.hasFreeShipping,
    tax: add(
      total(lines, currency, ({ tax }) => tax.amount),
      shipping.tax.amount,
    ),
    taxes: gatherTaxes([...lines.flatMap(({ tax }) => tax.parts), ...shipping.tax.parts]),
    total: add(
      total(lines, currency, (line) => line.total),
      shipping.total,
    ),
    coupons: couponsOf({ usable, input, situation, applied: cuts, earning }),
    ...{ pointsSpent: spending?.points ?? 0, pointsEarned: earning.points },
    taxExemption: input.buyer.taxExemption,
    expiresAt: endOf(input, usable.promotions),
  };
};

const total = <Item>(items: readonly Item[], currency: string, amountOf: (item: Item) => Money): Money =>
  sum(items.map(amountOf), currency);

/** In an order of their own, so that the cart's order never decides who gets the odd cent. */
const pricedLines = ({ lines, prices, currency }: QuoteInput): PricedLine[] =>
  lines
    .flatMap(({ id, variantId, quantity }) => {
      const price = prices.get(variantId);
      if (!price) return [];
      const { unit, productId, categoryIds } = price;
      // Refuses another currency than the cart's.
      const subtotal = add(zero(currency), times(unit, quantity));
      return [{ id, variantId, productId, categoryIds, quantity, unit, subtotal }];
    })
    .sort((a, b) => compareText(a.variantId, b.variantId) || compareText(a.id, b.id));

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

type Exempted = { readonly exempted: Money };

const quoteLine = (
  { prices, taxes, region, at, buyer, currency }: QuoteInput,
  { line, place, cuts, left }: { line: PricedLine; place: number; cuts: readonly AppliedCut[]; left: Money },
): QuotedLine & Exempted => {
  const price = prices.get(line.variantId);
  const includesTax = price?.includesTax ?? false;
  const rates = ratesOn(taxes, { region, at, category: price?.taxCategory ?? '' });
  const isExempt = buyer.taxExemption !== null;
  const { gross, tax, parts } = taxOn(left, { rates, includesTax, isExempt });
  const exempted = includesTax && isExempt ? subtract(left, gross) : zero(currency);
  const own = cuts.flatMap((cut) => {
    const amount = cut.lines[place];
    return amount && amount.amountMinor > 0 ? [adjustmentOf(cut, amount)] : [];
  });
  return {
    ...{ lineId: line.id, variantId: line.variantId, quantity: line.quantity, isAvailable: true },
    ...{ unitPrice: line.unit, listPrice: price?.compareAt ?? null, subtotal: line.subtotal },
    adjustments: [...own, ...exemptionOf(buyer, [exempted], currency)],
    discount: subtract(line.subtotal, left),
    tax: { amount: tax, includesTax, parts },
    ...{ total: gross, exempted },
  };
};

const notAvailable = ({ id, variantId, quantity }: LineToQuote, currency: string): QuotedLine & Exempted => {
  const none = zero(currency);
  return {
    ...{ lineId: id, variantId, quantity, isAvailable: false, unitPrice: null, listPrice: null },
    ...{ subtotal: none, adjustments: [], discount: none, total: none, exempted: none },
    tax: { amount: none, includesTax: false, parts: [] },
  };
};

const quoteShipping = (
  { shipping, taxes, region, at, buyer, currency }: QuoteInput,
  cuts: readonly AppliedCut[],
  left: Money,
) => {
  const amount = shipping?.amount ?? zero(currency);
  const includesTax = shipping?.includesTax ?? false;
  const isExempt = buyer.taxExemption !== null;
  const { gross, tax, parts } = taxOn(left, {
    ...{ rates: ratesOn(taxes, { region, at, category: shippingCategory }), includesTax, isExempt },
  });
  return {
    amount,
    discount: total(cuts, currency, (cut) => cut.shipping),
    tax: { amount: tax, parts },
    total: gross,
    exempted: includesTax && isExempt ? subtract(left, gross) : zero(currency),
  };
};

/** A quote ends with whatever it rests on. */
const endOf = (
  { at, prices, lines, taxes, region, exemptUntil }: QuoteInput,
  promotions: readonly Promotion[],
): Date => {
  const ends = [
    exemptUntil,
    ...taxes.flatMap((rate) => (isTaxIn(rate, region) ? [rate.validFrom] : [])),
    ...lines.map(({ variantId }) => prices.get(variantId)?.until ?? null),
    ...promotions.map(({ endsAt }) => endsAt),
    ...promotions.map(({ startsAt }) => startsAt),
  ].flatMap((end) => (end !== null && end > at ? [end.getTime()] : []));
  return new Date(Math.min(at.getTime() + quoteLifetimeMs, ...ends));
};
